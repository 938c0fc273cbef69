import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { elfArchitecture } from '../../../bootstrap-image/agent/core/elf.ts';
import { hasMoved, k3sAgentConfig, wayToServer, withPlace } from '../../../bootstrap-image/agent/core/k3s-config.ts';
import { DeviceFolder } from './device-folder.ts';
import { FakeAppliance, makeCredentials } from './fake-appliance.ts';

const HASH = 'ab'.repeat(32);
const SETTINGS = {
  server: 'https://192.0.2.1:6443',
  token: `K10${HASH}::tok001.secret1`,
  nodeName: 'lathe-left',
  cgroupV1: true,
};

describe('the configuration of k3s for another place', () => {
  it('says where the server is and how to know it', () => {
    expect(wayToServer(k3sAgentConfig(SETTINGS))).toEqual({ server: SETTINGS.server, caHash: HASH });
    expect(wayToServer('server: https://somebody.example\n')).toBeUndefined();
  });

  it.each([
    { had: undefined, has: undefined },
    { had: { interfaceName: 'eth0', ip: '192.0.2.7' }, has: { interfaceName: 'eth0', ip: '192.0.2.8' } },
    { had: { interfaceName: 'eth0', ip: '192.0.2.7' }, has: undefined },
  ])('is what a ticket from there would give ($had to $has)', ({ had, has }) => {
    const config = (server: string, link: typeof had): string =>
      k3sAgentConfig({ ...SETTINGS, server, ...(link === undefined ? {} : { link }) });
    const server = 'https://192.0.2.9:6443';
    expect(withPlace(config(SETTINGS.server, had), server, has)).toBe(config(server, has));
  });

  it.each([
    { what: 'nothing known', started: [], present: ['192.0.2.8'], moved: false },
    { what: 'a pulled cable', started: ['192.0.2.7'], present: [], moved: false },
    { what: 'another lease', started: ['192.0.2.7'], present: ['192.0.2.8'], moved: true },
    { what: 'a second interface', started: ['192.0.2.7'], present: ['192.0.2.7', '198.51.100.1'], moved: false },
  ])('is needed after $what: $moved', ({ started, present, moved }) => {
    expect(hasMoved(started, present)).toBe(moved);
  });
});

describe('the processor a program is for', () => {
  const head = (machine: number, order = 1): Uint8Array =>
    Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, order, 1, ...Array<number>(11).fill(0), machine & 255, machine >> 8]);
  it.each([
    [62, 'amd64'],
    [183, 'arm64'],
    [40, 'arm'],
    [243, undefined],
  ])('%i is %s', (machine, name) => expect(elfArchitecture(head(machine))).toBe(name));
  it('is not known of scripts and short files', () => {
    expect(elfArchitecture(Buffer.from('#!/bin/sh\nexec true\n'))).toBeUndefined();
    expect(elfArchitecture(head(62).subarray(0, 19))).toBeUndefined();
    expect(elfArchitecture(head(62, 2))).toBeUndefined();
  });
});

describe('a node whose appliance has another address', () => {
  let device: DeviceFolder;
  let appliance: FakeAppliance;

  beforeEach(async () => {
    device = await DeviceFolder.make();
    appliance = await FakeAppliance.start();
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: Buffer.from('k3s') }];
    await device.writeCard(appliance);
    await (await device.agent()).run();
    device.services.calls.length = 0;
  });
  afterEach(async () => {
    await appliance.stop();
    await device.remove();
  });
  const checkIn = async (server: string): Promise<string> => {
    appliance.override = ({ path }) =>
      path === '/enroll/v1/checkin'
        ? { status: 200, body: { v: 1, order: 'stay', server, serverTime: new Date().toISOString() } }
        : undefined;
    await device.checkIn();
    return (await device.read(device.paths.k3sConfig)) ?? '';
  };
  const configure = async (server: string, caHash: string): Promise<void> => {
    const token = `K10${caHash}::tok001.secret1`;
    await device.write(device.paths.k3sConfig, k3sAgentConfig({ ...SETTINGS, server, token }));
  };

  it('follows it when the old one is dead', async () => {
    await configure('https://127.0.0.1:1', HASH);
    const config = await checkIn('https://192.0.2.9:6443');
    expect(wayToServer(config)).toEqual({ server: 'https://192.0.2.9:6443', caHash: HASH });
    expect(config).toContain('tok001.secret1');
    expect(device.services.calls).toEqual(['restart-soon k3s-agent.service']);
  });

  it.each([
    { who: 'the same cluster', follows: false },
    { who: 'another cluster', follows: true },
  ])('with $who at the old address: follows is $follows', async ({ follows }) => {
    const ca = 'a CA';
    const { cert, key } = await makeCredentials();
    const server = createServer({ cert, key }, (_request, response) => response.end(ca)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const old = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    await configure(old, follows ? HASH : createHash('sha256').update(ca).digest('hex'));
    const config = await checkIn('https://192.0.2.9:6443');
    server.close();
    server.closeAllConnections();
    expect(wayToServer(config)?.server).toBe(follows ? 'https://192.0.2.9:6443' : old);
    expect(device.services.calls).toHaveLength(follows ? 1 : 0);
  });

  it('starts k3s anew with another lease, and only once', async () => {
    await configure('https://127.0.0.1:1', HASH);
    const elsewhere = JSON.stringify(['198.51.100.250']);
    await device.write(device.paths.k3sAddresses, elsewhere);
    await checkIn('https://127.0.0.1:1');
    // Without an address of its own this machine has not moved: then there is nothing to see here.
    const now = await device.read(device.paths.k3sAddresses);
    expect(device.services.calls).toEqual(now === elsewhere ? [] : ['restart-soon k3s-agent.service']);
    device.services.calls.length = 0;
    await checkIn('https://127.0.0.1:1');
    expect(device.services.calls).toEqual([]);
  });
});
