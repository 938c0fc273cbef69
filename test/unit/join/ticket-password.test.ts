import { expect, it } from 'vitest';
import { Secret } from '../../../foundation/secret.ts';
import { TicketKey } from '../../../join/controller/ticket-key.ts';
import { TicketOffice, type TicketOfficeOptions } from '../../../join/controller/ticket-office.ts';
import { hashNodePassword } from '../../../k8s/node-password.ts';

it('knows the hash of its own node password, whoever made it and with whatever salt, from every other', async () => {
  const office = new TicketOffice({
    key: new TicketKey(new Secret(Buffer.alloc(32, 7).toString('base64'))),
    objects: {} as TicketOfficeOptions['objects'],
    clusterCaHash: () => Promise.resolve('ff'),
    serverUrl: () => 'https://192.168.8.1:6443',
    hashPassword: hashNodePassword,
  });
  const ticket = { device: { name: 'device-1', uid: 'uid-1' }, attempt: 2 };
  const plan = { ...ticket, nodeName: 'lathe', expiresAtMs: Date.parse('2026-01-01T00:06:00Z') };
  const { nodePassword } = await office.ticketOf(plan);
  const hash = await hashNodePassword(nodePassword, Buffer.from('saltsalt'));
  expect(await office.isPasswordOf(ticket, hash)).toBe(true);
  expect(await office.isPasswordOf({ ...ticket, attempt: 1 }, hash)).toBe(false);
  expect(await office.isPasswordOf({ ...ticket, device: { name: 'device-1', uid: 'uid-2' } }, hash)).toBe(false);
  expect(await office.isPasswordOf(ticket, 'nonsense')).toBe(false);
});
