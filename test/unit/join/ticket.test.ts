import { describe, expect, it } from 'vitest';
import { loadOrCreateTicketKey, TicketKey } from '../../../join/controller/ticket-key.ts';
import { TicketOffice } from '../../../join/controller/ticket-office.ts';
import { kubeTicketObjects } from '../../../join/controller/kube-ticket-objects.ts';
import { toTokenText } from '../../../join/core/ticket.ts';
import { Secret } from '../../../foundation/secret.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { SECRET } from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const plan = (uid: string, attempt: number) => ({
  device: { name: 'd', uid },
  attempt,
  nodeName: 'lathe-left',
  expiresAtMs: Date.parse('2026-03-01T12:06:00Z'),
});

function office(kube: FakeKube, key: string = KEY): TicketOffice {
  return new TicketOffice({
    key: new TicketKey(new Secret(key)),
    objects: kubeTicketObjects(kube, () => Promise.resolve(false)),
    clusterCaHash: () => Promise.resolve('0f'.repeat(32)),
    serverUrl: () => 'https://192.0.2.1:6443',
    hashPassword: (password) => Promise.resolve(`$1:${password.reveal()}`),
  });
}
async function textOf(one: TicketOffice, uid: string, attempt: number): Promise<[string, string, string]> {
  const ticket = await one.ticketOf(plan(uid, attempt));
  return [ticket.ticketId, ticket.token.reveal(), ticket.nodePassword.reveal()];
}

describe('tickets', () => {
  it('are the same for the same device, attempt and key, and differ in all parts otherwise', async () => {
    const kube = new FakeKube();
    const base = await textOf(office(kube), 'uid-1', 1);
    expect(await textOf(office(kube), 'uid-1', 1)).toEqual(base);
    expect(base[1]).toMatch(/^K10(0f){32}::[a-z0-9]{6}\.[a-z0-9]{16}$/);
    expect(base[1]).toContain(`::${base[0]}.`);
    expect(base[2]).toMatch(/^[0-9a-f]{32}$/);
    const others = [
      await textOf(office(kube), 'uid-1', 2),
      await textOf(office(kube), 'uid-2', 1),
      await textOf(office(kube, Buffer.alloc(32, 8).toString('base64')), 'uid-1', 1),
    ];
    for (const other of others) other.forEach((part, i) => expect(part).not.toBe(base[i]));
  });

  it('draw their characters evenly', () => {
    expect(toTokenText(Uint8Array.of(252, 253, 254, 255, 0, 35, 36), 3)).toBe('a9a');
    expect(toTokenText(Uint8Array.of(252, 1), 2)).toBeUndefined();
  });

  it('leave everything as it is when they are made twice', async () => {
    const kube = new FakeKube();
    await kube.create(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'y' } });
    const one = office(kube);
    for (let time = 0; time < 2; time += 1) {
      await one.makeNodePassword(plan('uid-1', 1));
      await one.makeBootstrapToken(plan('uid-1', 1));
    }
    const secrets = await kube.list(SECRET, { namespace: 'kube-system' });
    expect(secrets).toHaveLength(2);
    for (const { metadata } of secrets) expect(metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'usher' });
  });

  it('come from one key that is made once, whoever is first', async () => {
    const kube = new FakeKube();
    const keys = await Promise.all([
      loadOrCreateTicketKey({ kube, random: systemRandom }),
      loadOrCreateTicketKey({ kube, random: systemRandom }),
    ]);
    const later = await loadOrCreateTicketKey({ kube, random: systemRandom });
    const [one, two, three] = [...keys, later].map((key) => Buffer.from(key.derive('x')).toString('hex'));
    expect(two).toBe(one);
    expect(three).toBe(one);
    expect(() => new TicketKey(new Secret('c2hvcnQ='))).toThrow(/32-byte/);
  });
});
