import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckInReply, EnrolStatus, JoinTicket } from '../../../join/protocol/messages.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import type { TestDevice, TestReply } from '../../support/test-device.ts';

let site: EnrolSite;
let device: TestDevice;
beforeEach(async () => {
  site = await EnrolSite.start();
  device = await site.newDevice();
});
afterEach(() => site.close());

const hello = (): Promise<TestReply> => device.post('hello', device.hello({ type: 'none' }));
const statusIn = (reply: TestReply): EnrolStatus => EnrolStatus.parse(reply.json());

/** Waits until `count` long polls are held. */
async function held(count: number): Promise<void> {
  const deadlineMs = Date.now() + 3000;
  while (site.server.counters().longPolls !== count && Date.now() < deadlineMs) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(site.server.counters().longPolls).toBe(count);
}

describe('status', () => {
  it('of a stranger asks for a hello', async () => {
    const reply = await device.get('status');
    expect([reply.status, reply.json()]).toMatchObject([404, { error: { code: 'DEVICE_UNKNOWN' } }]);
  });

  it('wakes within 50 ms of a change: admitted, approved, rejected, and back', async () => {
    let { version } = statusIn(await hello());
    const states = ['verified', 'approved', 'rejected', 'verified', 'approved'] as const;
    const wokenMs: number[] = [];
    for (const state of states) {
      const waiting = device.get(`status?wait=25&version=${String(version)}`);
      await held(1);
      const changedMs = performance.now();
      site.desk.set(device.deviceId, state);
      const reply = await waiting;
      wokenMs.push(performance.now() - changedMs);
      const status = statusIn(reply);
      expect([reply.status, status.state]).toEqual([200, state]);
      expect(status.version).not.toBe(version);
      version = status.version;
    }
    await held(0);
    // The median, since a busy machine may keep any one of them waiting.
    expect(wokenMs.sort((a, b) => a - b)[2]).toBeLessThan(50);
  });

  it('returns at once when the caller is behind, and with the time when nothing happens', async () => {
    const { version } = statusIn(await hello());
    const startMs = performance.now();
    expect(statusIn(await device.get(`status?wait=25&version=${String(version - 2)}`)).version).toBe(version);
    expect(performance.now() - startMs).toBeLessThan(500);
    const idle = await device.get(`status?wait=1&version=${String(version)}`);
    expect([idle.status, statusIn(idle).version]).toEqual([202, version]);
    expect(performance.now() - startMs).toBeGreaterThan(950);
  });

  it('goes on waiting when a change was none for this device', async () => {
    const { version } = statusIn(await hello());
    const waiting = device.get(`status?wait=2&version=${String(version)}`);
    await held(1);
    site.desk.tell(device.deviceId);
    site.desk.set('another', 'verified');
    await new Promise((resolve) => setImmediate(resolve));
    await held(1);
    site.desk.set(device.deviceId, 'approved');
    expect(statusIn(await waiting).state).toBe('approved');
  });

  it('lets go of a device that goes away', async () => {
    const { version } = statusIn(await hello());
    const waiting = device.get(`status?wait=25&version=${String(version)}`);
    const gone = expect(waiting).rejects.toThrow();
    await held(1);
    device.close();
    await gone;
    await held(0);
  });

  it('is answered when the appliance stops', async () => {
    const { version } = statusIn(await hello());
    const waiting = device.get(`status?wait=25&version=${String(version)}`);
    await held(1);
    const startMs = performance.now();
    const closed = site.server.close();
    expect(statusIn(await waiting).state).toBe('pending');
    device.close();
    await closed;
    expect(performance.now() - startMs).toBeLessThan(1000);
    await site.close();
    site = await EnrolSite.start();
  });

  it.each(['wait=26', 'wait=x', 'version=-1'])('refuses ?%s', async (query) => {
    const reply = await device.get(`status?${query}`);
    expect([reply.status, reply.json()]).toMatchObject([400, { error: { code: 'REQUEST_INVALID' } }]);
  });
});

describe('join', () => {
  const request = { v: 1, bootId: 'boot-1' };

  it('gives the ticket to an approved device only', async () => {
    expect((await device.post('join', request)).status).toBe(404);
    await hello();
    expect((await device.post('join', request)).json()).toMatchObject({
      error: { code: 'NOT_APPROVED' },
      retryAfterSec: 5,
    });
    site.desk.set(device.deviceId, 'verified');
    expect((await device.post('join', request)).status).toBe(403);
    site.desk.set(device.deviceId, 'approved');
    const reply = await device.post('join', request);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(JoinTicket.parse(reply.json())).toMatchObject({
      token: 'K10ff::abc123.0123456789abcdef',
      nodePassword: '00112233445566778899aabbccddeeff',
      k3sVersion: 'v1.36.3+k3s1',
      expiresAt: '2026-01-01T00:06:00.000Z',
    });
  });

  it('names the k3s server by the address that the device came by, if that is one of the site', async () => {
    site.desk.set(device.deviceId, 'approved');
    const checkIn = { v: 1, bootId: 'boot-1', k3sActive: true };
    const ofDesk = JoinTicket.parse((await device.post('join', request)).json()).server;
    expect(CheckInReply.parse((await device.post('checkin', checkIn)).json()).server).toBeUndefined();
    site.serverUrls.set('127.0.0.1', 'https://198.51.100.1:6443');
    const ticket = JoinTicket.parse((await device.post('join', request)).json());
    expect([ofDesk === ticket.server, ticket.server]).toEqual([false, 'https://198.51.100.1:6443']);
    const stay = CheckInReply.parse((await device.post('checkin', checkIn)).json());
    expect(stay).toMatchObject({ order: 'stay', server: 'https://198.51.100.1:6443' });
    site.desk.order = 'stop';
    expect(CheckInReply.parse((await device.post('checkin', checkIn)).json()).server).toBeUndefined();
  });

  it('is followed by joined, error and check-in', async () => {
    site.desk.set(device.deviceId, 'approved');
    expect((await device.post('error', { v: 1, code: 'DISK_FULL', detail: 'no room\u0007' })).json()).toMatchObject({
      state: 'approved',
    });
    expect(site.desk.reports).toEqual([{ v: 1, code: 'DISK_FULL', detail: 'no room', deviceId: device.deviceId }]);
    expect((await device.post('joined', { v: 1 })).json()).toMatchObject({ state: 'joined' });
    site.desk.order = 'rejoin';
    const reply = await device.post('checkin', { v: 1, bootId: 'boot-2', k3sActive: false });
    expect(CheckInReply.parse(reply.json())).toMatchObject({ order: 'rejoin' });
  });
});
