import { expect, it } from 'vitest';
import { Secret } from '../../../foundation/secret.ts';
import { TicketKey } from '../../../join/controller/ticket-key.ts';
import { TicketOffice, type TicketOfficeOptions } from '../../../join/controller/ticket-office.ts';
import type { TicketPlan } from '../../../join/core/ticket.ts';
import { hashNodePassword } from '../../../k8s/node-password.ts';

const objects = {} as TicketOfficeOptions['objects'];
const office = (bound?: string): TicketOffice =>
  new TicketOffice({
    key: new TicketKey(new Secret(Buffer.alloc(32, 7).toString('base64'))),
    objects: { ...objects, ensureNodePassword: (_name, _password, hash) => Promise.resolve(bound ?? hash) },
    clusterCaHash: () => Promise.resolve('ff'),
    serverUrl: () => 'https://192.168.8.1:6443',
    hashPassword: hashNodePassword,
  });
const device = { name: 'device-1', uid: 'uid-1' };
const planOf = (attempt: number): TicketPlan => ({
  device,
  attempt,
  nodeName: 'lathe',
  expiresAtMs: Date.parse('2026-01-01T00:06:00Z'),
});
/** As k3s writes it: with a salt of its own. */
const hashOf = async (attempt: number): Promise<string> =>
  hashNodePassword((await office().ticketOf(planOf(attempt))).nodePassword, Buffer.from('saltsalt'));

it('knows of which of its tickets a node password is, with whatever salt, from every other', async () => {
  const hash = await hashOf(2);
  expect(await office().attemptOf({ device, attempt: 2 }, hash)).toBe(2);
  expect(await office().attemptOf({ device, attempt: 4 }, hash)).toBe(2);
  expect(await office().attemptOf({ device, attempt: 1 }, hash)).toBeUndefined();
  expect(await office().attemptOf({ device: { ...device, uid: 'uid-2' }, attempt: 2 }, hash)).toBeUndefined();
  expect(await office().attemptOf({ device, attempt: 2 }, 'nonsense')).toBeUndefined();
});

it('hands out the password that k3s keeps for the name, when it is of an earlier ticket of the same device', async () => {
  const later = office(await hashOf(2));
  await later.makeNodePassword(planOf(3));
  const { nodePassword } = await later.ticketOf(planOf(3));
  expect(nodePassword.reveal()).toBe((await office().ticketOf(planOf(2))).nodePassword.reveal());
});

it("makes no ticket as long as the name has another device's password", async () => {
  const other = await hashNodePassword(new Secret('of another'), Buffer.from('saltsalt'));
  await expect(office(other).makeNodePassword(planOf(3))).rejects.toMatchObject({ code: 'TICKET_FAILED' });
});
