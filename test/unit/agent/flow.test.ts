import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceHello } from '../../../join/protocol/messages.ts';
import { DeviceFolder, TOKEN } from './device-folder.ts';
import { FakeAppliance, refusal } from './fake-appliance.ts';

let appliance: FakeAppliance;
let device: DeviceFolder;

beforeEach(async () => {
  appliance = await FakeAppliance.start();
  appliance.artifacts = [
    { kind: 'k3s', name: 'k3s', content: Buffer.from('the k3s binary') },
    { kind: 'image', name: 'pause.tar', content: Buffer.alloc(300_000, 'image ') },
  ];
  device = await DeviceFolder.make();
  await device.writeCard(appliance);
});

afterEach(async () => {
  await appliance.stop();
  await device.remove();
});

const enrol = async (): Promise<void> => (await device.agent()).run();
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const until = (check: () => boolean): Promise<void> =>
  expect
    .poll(check)
    .toBe(true)
    .then(() => undefined);

describe('the way from a card to a node', () => {
  it('ends with k3s running, the right files, and no secret left but the dead token that k3s needs', async () => {
    await enrol();
    const { paths, services } = device;
    expect(await device.read(paths.k3s)).toBe('the k3s binary');
    expect(await modeOf(paths.k3s)).toBe('755');
    expect(await device.read(`${paths.images}/pause.tar`)).toHaveLength(300_000);
    expect(await device.read(paths.nodePassword)).toBe('password-1\n');
    const config = await device.read(paths.k3sConfig);
    expect(config).toContain('server: "https://192.0.2.1:6443"');
    expect(config).toContain('node-name: "lathe-left"');
    expect(config).toContain('token: "K10');
    for (const path of [paths.deviceKey, paths.state, paths.k3sConfig, paths.nodePassword])
      expect(await modeOf(path)).toBe('600');
    expect(services.calls).toEqual(['start k3s-agent.service', 'enable k3s-agent.service']);
    expect(await device.read(paths.card)).toBeUndefined();
    expect(await device.state()).toMatchObject({ phase: 'done', nodeName: 'lathe-left', ticketId: 'ticket-1' });
    expect(await device.read(paths.state)).not.toContain(TOKEN);
  });

  it('shows the id of its key, its evidence and its hardware in the hello', async () => {
    const [deviceTree = ''] = device.paths.deviceTrees;
    await device.write(`${deviceTree}/model`, 'Raspberry Pi 4 Model B Rev 1.4\0');
    await device.write(`${deviceTree}/serial-number`, '10000000abcdef01\0');
    const net = device.paths.networkInterfaces;
    for (const [name, mac] of [
      ['eth0', 'DC:A6:32:00:00:01'],
      ['cni0', '02:00:00:00:00:09'],
    ] as const) {
      await device.write(`${net}/${name}/address`, `${mac}\n`);
      await device.write(`${net}/${name}/type`, '1\n');
    }
    await device.plugUsb('ttyUSB0', { idVendor: '0403', idProduct: '6001' });
    await enrol();
    const [hello] = appliance.seen('/enroll/v1/hello');
    expect(hello?.body).toMatchObject({
      id: hello?.deviceId,
      bootId: '11111111-2222-3333-4444-555555555555',
      machineId: '0123456789abcdef0123456789abcdef',
      evidence: { type: 'token', token: TOKEN },
      hw: {
        model: 'Raspberry Pi 4 Model B Rev 1.4',
        serial: '10000000abcdef01',
        macs: ['dc:a6:32:00:00:01'],
        devices: ['/dev/ttyUSB0'],
        usb: [{ path: '/dev/ttyUSB0', vendor: '0403', product: '6001' }],
      },
    });
    expect(DeviceHello.safeParse(hello?.body).success).toBe(true);
  });

  it('does everything but the ticket before the claim, on one connection beside the downloads', async () => {
    appliance.afterHello = 'verified';
    const done = enrol();
    await until(
      () => appliance.seen('/enroll/v1/status').length > 0 && appliance.seen('/enroll/v1/artifacts/').length === 2,
    );
    const before = appliance.requests.length;
    appliance.become('approved', { nodeName: 'lathe-left' });
    await done;
    expect(appliance.requests.slice(before).map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
      '/enroll/v1/join',
      '/enroll/v1/joined',
    ]);
    expect(appliance.connections).toBeLessThanOrEqual(2);
  });

  it('without a token is a device without evidence, and joins when its key is claimed', async () => {
    await device.writeCard(appliance, null);
    appliance.afterHello = 'pending';
    const done = enrol();
    await until(() => appliance.seen('/enroll/v1/status').length > 0);
    expect(appliance.seen('/enroll/v1/hello')[0]?.body['evidence']).toEqual({ type: 'none' });
    expect(device.services.calls).toEqual([]);
    appliance.become('approved');
    await done;
    expect(await device.state()).toMatchObject({ phase: 'done' });
  });

  it('sets the clock from the appliance before k3s starts, and only when it is far off', async () => {
    appliance.clockAheadMs = 3_600_000;
    await enrol();
    expect(device.clockSettings.length).toBeGreaterThan(0);
    expect(Math.abs((device.clockSettings[0] ?? 0) - Date.now() - 3_600_000)).toBeLessThan(5_000);
  });
});

describe('what goes wrong on the way', () => {
  it('a refused token is shown, waited with, and shown again when the appliance has changed its mind', async () => {
    let refuse = true;
    appliance.afterHello = 'pending';
    appliance.override = ({ path }) =>
      refuse && path === '/enroll/v1/hello' ? { status: 403, body: refusal('TOKEN_USED', 60) } : undefined;
    const done = enrol();
    await until(() => appliance.seen('/enroll/v1/status').length === 2);
    appliance.become('pending', { reason: { code: 'TOKEN_USED', message: 'used', remedy: 'confirm it' } });
    await until(() => device.views.some((view) => view.problem?.remedy === 'confirm it'));
    refuse = false;
    appliance.afterHello = 'approved';
    device.clock.aheadMs = 20_000;
    appliance.become('pending');
    await done;
    expect(appliance.seen('/enroll/v1/hello')).toHaveLength(2);
    expect(device.services.active).toBe(true);
  });

  it('a full queue is waited for and asked again', async () => {
    let full = 2;
    appliance.override = ({ path }) =>
      path === '/enroll/v1/join' && full-- > 0 ? { status: 503, body: refusal('QUEUE_FULL', 5) } : undefined;
    await enrol();
    expect(appliance.requests.filter(({ path }) => path === '/enroll/v1/join')).toHaveLength(3);
    expect(device.views.some((view) => view.problem?.remedy === 'remedy of QUEUE_FULL')).toBe(true);
  });

  it('an appliance that forgot the device gets another hello', async () => {
    appliance.afterHello = 'verified';
    appliance.override = ({ path }) =>
      path.startsWith('/enroll/v1/status') && appliance.seen('/enroll/v1/hello').length < 2
        ? { status: 404, body: refusal('DEVICE_UNKNOWN') }
        : undefined;
    const done = enrol();
    await until(() => appliance.seen('/enroll/v1/hello').length === 2);
    appliance.become('approved');
    await done;
  });

  it('a fault of the device is reported to the appliance once and shown with its remedy', async () => {
    appliance.artifacts = [];
    const done = enrol();
    await until(
      () => appliance.seen('/enroll/v1/error').length > 0 && appliance.seen('/enroll/v1/artifacts').length > 3,
    );
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: Buffer.from('late') }];
    await done;
    const [fault, over] = appliance.seen('/enroll/v1/error').map(({ body }) => body);
    expect(fault).toMatchObject({ code: 'ARCHITECTURE_UNSUPPORTED', params: { arch: expect.any(String) as string } });
    expect(over).toMatchObject({ code: 'NONE' });
    expect(appliance.seen('/enroll/v1/error')).toHaveLength(2);
    expect(device.views.some((view) => view.problem?.remedy.includes('--k3s-for'))).toBe(true);
  });

  it('a ticket with another k3s than was fetched ahead brings the right one first', async () => {
    appliance.afterHello = 'verified';
    const done = enrol();
    await until(() => appliance.seen('/enroll/v1/artifacts/').length === 2);
    appliance.k3sVersion = 'v1.37.1+k3s1';
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: Buffer.from('newer k3s') }];
    appliance.become('approved');
    await done;
    expect(await device.read(device.paths.k3s)).toBe('newer k3s');
  });

  it('a new ticket after a failed attempt replaces the old one, and the old kubelet certificate goes', async () => {
    appliance.nodeFollows = false;
    const done = enrol();
    await until(() => appliance.seen('/enroll/v1/joined').length === 1);
    const certificate = `${device.paths.k3sAgent}/client-kubelet.crt`;
    await device.write(certificate, 'made with ticket 1');
    await device.write(`${device.paths.k3sAgent}/server-ca.crt`, 'stays');
    appliance.become('held', { reason: { code: 'NODE_NOT_SEEN', message: 'm', remedy: 'r' } });
    await until(() => device.views.some((view) => view.problem?.code === 'NODE_NOT_SEEN'));
    appliance.renewTicket();
    appliance.nodeFollows = true;
    appliance.become('approved');
    await done;
    expect(await device.read(certificate)).toBeUndefined();
    expect(await device.read(`${device.paths.k3sAgent}/server-ca.crt`)).toBe('stays');
    expect(await device.read(device.paths.nodePassword)).toBe('password-2\n');
    expect(device.services.calls).toContain('stop k3s-agent.service');
  });

  it('k3s that does not keep running is reported and not called joined', async () => {
    const { services } = device;
    services.isActive = () => Promise.resolve(appliance.seen('/enroll/v1/error').length > 0);
    await enrol();
    expect(appliance.seen('/enroll/v1/error')[0]?.body['code']).toBe('K3S_AGENT_DOWN');
    const others = appliance.requests.filter(({ path }) => path !== '/enroll/v1/error');
    expect(others.at(-1)?.path).toBe('/enroll/v1/joined');
  });
});

describe('a power cut before the join is done, and no node to be when the power is back', () => {
  const cuts = (['applying', 'started', 'joined'] as const).flatMap((phase) =>
    (['verified', 'rejected', 'revoked'] as const).map((state) => ({ phase, state })),
  );
  // A disk that has forgotten its join has lost what it knew of k3s, too.
  const forgotten = [{ phase: 'new', state: 'revoked' } as const];

  it.each([...cuts, ...forgotten])('cut when $phase, then $state: k3s ends for good', async ({ phase, state }) => {
    await enrol();
    await device.write(device.paths.state, JSON.stringify({ ...(await device.state()), phase }));
    const { services } = device;
    expect([services.active, services.enabled]).toEqual([true, true]);
    appliance.become(state);
    const done = enrol();
    await until(() => !services.active && !services.enabled);
    appliance.renewTicket();
    appliance.become('approved');
    await done;
    expect([services.active, services.enabled]).toEqual([true, true]);
    expect(await device.state()).toMatchObject({ phase: 'done', ticketId: 'ticket-2' });
  });

  it('does not stop a node that is still one, and wipes its secrets before it asks', async () => {
    await enrol();
    await device.writeCard(appliance);
    await device.write(device.paths.state, JSON.stringify({ ...(await device.state()), phase: 'joined' }));
    device.services.calls.length = 0;
    const { length } = appliance.requests;
    await enrol();
    expect(device.services.calls).toEqual([]);
    expect(appliance.requests.slice(length).find(({ path }) => path === '/enroll/v1/hello')?.body).toMatchObject({
      evidence: { type: 'none' },
    });
    expect(await device.state()).toMatchObject({ phase: 'done' });
  });
});

describe('check-in', () => {
  const orders = [
    { order: 'stay', calls: [], phase: 'done' },
    { order: 'stop', calls: ['stop k3s-agent.service', 'disable k3s-agent.service'], phase: 'done' },
    {
      order: 'rejoin',
      calls: ['stop k3s-agent.service', 'disable k3s-agent.service', 'start-soon usher-agent.service'],
      phase: 'new',
    },
  ] as const;
  it.each(orders)('obeys $order', async ({ order, calls, phase }) => {
    await enrol();
    await device.write(`${device.paths.k3sAgent}/client-kubelet.key`, 'old');
    device.services.calls.length = 0;
    await device.plugUsb('ttyACM0', { idVendor: '1a86', idProduct: '55d4' });
    appliance.order = order;
    expect(await device.checkIn()).toBe(order);
    expect(device.services.calls).toEqual(calls);
    expect(await device.state()).toMatchObject({ phase });
    expect((await device.read(`${device.paths.k3sAgent}/client-kubelet.key`)) === undefined).toBe(order === 'rejoin');
    expect(appliance.seen('/enroll/v1/checkin')[0]?.body).toMatchObject({
      ...{ nodeName: 'lathe-left', k3sActive: true, devices: ['/dev/ttyACM0'] },
      usb: [{ path: '/dev/ttyACM0', vendor: '1a86', product: '55d4' }],
    });
  });

  it('told to stop at boot, when k3s still waits for it, takes that start back', async () => {
    await enrol();
    device.services.active = false;
    device.services.calls.length = 0;
    appliance.order = 'stop';
    await device.checkIn();
    expect(device.services.calls).toEqual(['stop k3s-agent.service', 'disable k3s-agent.service']);
  });

  it('stops a k3s that is between two starts, and asks for nothing to be disabled twice', async () => {
    await enrol();
    // As systemd says of a service that crashed and is started again in a few seconds.
    device.services.active = false;
    device.services.enabled = false;
    device.services.calls.length = 0;
    appliance.order = 'stop';
    await device.checkIn();
    expect(device.services.calls).toEqual(['stop k3s-agent.service']);
  });

  it.each([
    ['no answer', 'drop'],
    ['a refusal', { status: 503, body: refusal('ENROL_BUSY', 5) }],
  ] as const)('asks an appliance again that is overrun: %s', async (_what, answer) => {
    await enrol();
    appliance.order = 'stop';
    let failures = 2;
    appliance.override = ({ path }) => (path === '/enroll/v1/checkin' && failures-- > 0 ? answer : undefined);
    expect(await device.checkIn()).toBe('stop');
    expect(device.services.enabled).toBe(false);
  });

  it('a rejoin takes the next ticket without the card', async () => {
    await enrol();
    appliance.order = 'rejoin';
    await device.checkIn();
    appliance.renewTicket();
    appliance.become('approved');
    await enrol();
    expect(await device.state()).toMatchObject({ phase: 'done', ticketId: 'ticket-2' });
    expect(appliance.seen('/enroll/v1/hello').at(-1)?.body['evidence']).toEqual({ type: 'none' });
  });

  it('changes nothing when the appliance is away or the device is no node yet', async () => {
    expect(await device.checkIn()).toBe('not-a-node');
    expect(device.services.calls).toEqual(['start-soon usher-agent.service']);
    expect(appliance.requests).toEqual([]);
    await enrol();
    const before = await device.read(device.paths.state);
    device.services.calls.length = 0;
    appliance.override = ({ path }) => (path === '/enroll/v1/checkin' ? 'drop' : undefined);
    expect(await device.checkIn()).toBe('appliance-away');
    expect(device.services.calls).toEqual([]);
    expect(await device.read(device.paths.state)).toBe(before);
  });
});

describe('before k3s starts with a kubelet certificate', () => {
  const certificate = (): string => `${device.paths.k3sAgent}/client-kubelet.crt`;
  const isThere = async (): Promise<boolean> => (await device.read(certificate())) !== undefined;
  /** As after a power cut in the middle of a join. */
  const midJoin = async (): Promise<void> => {
    await enrol();
    await device.write(device.paths.state, JSON.stringify({ ...(await device.state()), phase: 'started' }));
    await device.write(certificate(), 'made with this ticket');
  };

  it.each([
    { state: 'approved', outcome: 'removed', kept: false },
    { state: 'joined', outcome: 'kept', kept: true },
    { state: 'held', outcome: 'kept', kept: true },
  ] as const)('the appliance says $state: $outcome', async ({ state, outcome, kept }) => {
    await midJoin();
    appliance.become(state);
    expect(await device.beforeK3s()).toBe(outcome);
    expect(await isThere()).toBe(kept);
  });

  it('keeps it when nobody answers, and does not ask once the join is done', async () => {
    await midJoin();
    appliance.override = () => 'drop';
    expect(await device.beforeK3s()).toBe('appliance-away');
    expect(await isThere()).toBe(true);
    const { length } = appliance.requests;
    await device.write(device.paths.state, JSON.stringify({ ...(await device.state()), phase: 'done' }));
    expect(await device.beforeK3s()).toBe('nothing-to-do');
    expect(appliance.requests).toHaveLength(length);
  });
});
