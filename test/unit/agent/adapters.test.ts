import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { link, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../../bootstrap-image/agent/adapters/artifacts.ts';
import { readCard, scrubCard } from '../../../bootstrap-image/agent/adapters/card.ts';
import { idOfKey, loadOrMakeIdentity } from '../../../bootstrap-image/agent/adapters/device-key.ts';
import { EnrolClient } from '../../../bootstrap-image/agent/adapters/enrol-client.ts';
import { findAppliance } from '../../../bootstrap-image/agent/adapters/finder.ts';
import { parseGateways } from '../../../bootstrap-image/agent/adapters/network.ts';
import type { Progress } from '../../../bootstrap-image/agent/core/console-text.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { DeviceFolder, TOKEN } from './device-folder.ts';
import { FakeAppliance, type Override, sha256 } from './fake-appliance.ts';

let appliance: FakeAppliance;
let device: DeviceFolder;
const ISSUED_AT = '2026-01-01T00:00:00Z';
const noNetwork = { links: () => [], gateways: () => Promise.resolve([]) };

beforeEach(async () => {
  appliance = await FakeAppliance.start();
  device = await DeviceFolder.make();
});
afterEach(async () => {
  await appliance.stop();
  await device.remove();
});

const clientOf = async (caPem = appliance.caPem): Promise<EnrolClient> =>
  new EnrolClient({ origin: appliance.url, caPem, identity: await device.identity() });

describe('the device key', () => {
  it('is made once, survives, and its certificate says the same to openssl, Node and the appliance', async () => {
    const identity = await device.identity();
    expect((await device.identity()).deviceId).toBe(identity.deviceId);
    expect(((await stat(device.paths.deviceKey)).mode & 0o777).toString(8)).toBe('600');
    const certificate = new X509Certificate(identity.certificatePem);
    expect(certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)).toBe(true);
    expect(idOfKey(certificate.publicKey)).toBe(identity.deviceId);
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: identity.certificatePem }).toString();
    expect(text).toMatch(/Version: 3/);
    expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA256/);
    expect(text).toMatch(/Not Before: Jan {2}1 00:00:00 2020 GMT\s+Not After : Dec 31 23:59:59 9999 GMT/);
    expect(text).toContain(`Subject: CN = ${identity.deviceId}`);
    const client = await clientOf();
    await client.info();
    client.close();
    expect(appliance.requests[0]?.deviceId).toBe(identity.deviceId);
  });

  it('that cannot be read makes the device a new one', async () => {
    const before = await device.identity();
    await writeFile(device.paths.deviceKey, 'rubbish');
    const after = await loadOrMakeIdentity(device.paths.deviceKey, silentLogger);
    expect(after.deviceId).not.toBe(before.deviceId);
    expect((await device.identity()).deviceId).toBe(after.deviceId);
  });
});

describe('finding the appliance', () => {
  const find = async (urls: string[], caPem = appliance.caPem, lastUrl?: string): Promise<EnrolClient> => {
    const site = { urls, caPem, issuedAt: ISSUED_AT };
    return findAppliance({
      site,
      lastUrl,
      identity: await device.identity(),
      network: noNetwork,
      logger: silentLogger,
    });
  };

  it('sends nothing to an appliance of another CA and says that it is a stranger', async () => {
    const other = await FakeAppliance.start();
    for (let round = 0; round < 10; round += 1) {
      await expect(find([appliance.url], other.caPem)).rejects.toMatchObject({ code: 'APPLIANCE_NOT_TRUSTED' });
    }
    expect(appliance.requests).toEqual([]);
    await other.stop();
  });

  it('takes the one of its site among strangers, dead ends and unusable URLs', async () => {
    const stranger = await FakeAppliance.start();
    const client = await find([
      'http://127.0.0.1:1',
      'https://127.0.0.1:1',
      stranger.url,
      appliance.url,
      appliance.url,
    ]);
    expect(client.origin).toBe(appliance.url);
    client.close();
    expect(stranger.requests).toEqual([]);
    await stranger.stop();
  });

  it('is not held up by an address that never answers', async () => {
    const startedMs = Date.now();
    const client = await find(['https://192.0.2.254:7443', appliance.url]);
    expect(Date.now() - startedMs).toBeLessThan(1_500);
    client.close();
  });

  it('names what it tried', async () => {
    const missing = find(['https://127.0.0.1:1']);
    await expect(missing).rejects.toMatchObject({ code: 'NO_APPLIANCE_FOUND' });
    await expect(missing).rejects.toThrow('https://127.0.0.1:1, mDNS');
  });

  it('reads the default gateways of the routing table', () => {
    const table = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t0108A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      'wlan0\t00000000\tFE01A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
      'eth0\t0008A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0',
    ].join('\n');
    expect(parseGateways(table)).toEqual(['192.168.8.1', '192.168.1.254']);
  });
});

describe('fetching k3s and images', () => {
  const content = Buffer.alloc(500_000, 'kubernetes ');
  const part = (): string => join(device.root, 'usr/local/bin', `.k3s.${sha256(content).slice(0, 12)}.part`);
  const progress: Progress[] = [];
  const ensure = async (): Promise<string> => {
    const client = await clientOf();
    const store = new ArtifactStore({ paths: device.paths, logger: silentLogger });
    progress.length = 0;
    return store.ensure(client, 'arm64', (one) => progress.push(one)).finally(() => client.close());
  };
  const answer = (override: Override): void => {
    appliance.override = ({ path }) => (path.startsWith('/enroll/v1/artifacts/') ? override : undefined);
  };
  beforeEach(() => {
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content }];
  });

  it('goes on where a broken download stopped', async () => {
    answer({ dropAfterBytes: 200_000 });
    await expect(ensure()).rejects.toMatchObject({ code: 'NO_APPLIANCE_FOUND' });
    const arrived = (await stat(part())).size;
    expect(arrived).toBeGreaterThan(0);
    answer(undefined);
    await ensure();
    expect(appliance.seen('/enroll/v1/artifacts/').at(-1)?.headers.range).toBe(`bytes=${arrived}-`);
    expect(await device.read(device.paths.k3s)).toBe(content.toString());
    expect(progress.at(-1)).toEqual({ name: 'k3s', doneBytes: content.length, totalBytes: content.length });
  });

  it('starts over when the appliance does not honour the range, or the part is too long', async () => {
    await device.write(part(), 'half of something');
    answer('no-range');
    await ensure();
    expect(await device.read(device.paths.k3s)).toBe(content.toString());
    await device.write(device.paths.k3s, 'old');
    await device.write(part(), Buffer.alloc(600_000));
    await ensure();
    expect(await device.read(device.paths.k3s)).toBe(content.toString());
  });

  it('refuses a file with a wrong hash, removes it, and gets the right one next time', async () => {
    const wrong = Buffer.alloc(content.length, 'x');
    await device.write(part(), wrong.subarray(0, 1_000));
    await expect(ensure()).rejects.toMatchObject({ code: 'ARTIFACT_HASH_MISMATCH' });
    expect(await readdir(join(device.root, 'usr/local/bin'))).toEqual([]);
    await ensure();
    expect(await device.read(device.paths.k3s)).toBe(content.toString());
  });

  it('fetches nothing that is there, and notices a file that was changed', async () => {
    await device.write(device.paths.k3s, content);
    await ensure();
    await ensure();
    expect(appliance.seen('/enroll/v1/artifacts/')).toEqual([]);
    expect(((await stat(device.paths.k3s)).mode & 0o777).toString(8)).toBe('755');
    await device.write(device.paths.k3s, Buffer.alloc(content.length, 'y'));
    await ensure();
    expect(appliance.seen('/enroll/v1/artifacts/')).toHaveLength(1);
  });

  it('does not take a k3s for another processor, and gets the right one next time', async () => {
    const program = (machine: number): Buffer => {
      const head = Buffer.from('7f454c4602010100000000000000000002000000', 'hex');
      head.writeUInt16LE(machine, 18);
      return head;
    };
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: program(62) }];
    await expect(ensure()).rejects.toMatchObject({
      code: 'K3S_OF_OTHER_ARCHITECTURE',
      params: { actual: 'amd64', arch: 'arm64' },
    });
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: program(183) }];
    expect(await ensure()).toBe(appliance.k3sVersion);
  });

  it('says that there is no room before it begins', async () => {
    appliance.override = ({ path }) => {
      if (path !== '/enroll/v1/artifacts?arch=arm64') return undefined;
      const huge = { kind: 'k3s', name: 'k3s', sha256: 'a'.repeat(64), bytes: Number.MAX_SAFE_INTEGER };
      return { status: 200, body: { v: 1, k3sVersion: 'v1', artifacts: [huge] } };
    };
    await expect(ensure()).rejects.toMatchObject({ code: 'DISK_FULL', params: { what: 'k3s' } });
  });
});

describe('the card', () => {
  it('loses its token in place, then its file', async () => {
    await device.writeCard(appliance);
    const card = await readCard(device.paths.card);
    expect(card?.token?.reveal()).toBe(TOKEN);
    expect(JSON.stringify(card)).not.toContain(TOKEN);
    // A second name shows what the sectors of the removed file still hold.
    const sectors = join(device.root, 'sectors');
    await link(device.paths.card, sectors);
    const { size } = await stat(sectors);
    await scrubCard(device.paths.card);
    await scrubCard(device.paths.card);
    expect(await device.read(device.paths.card)).toBeUndefined();
    expect(await device.read(sectors)).not.toContain(TOKEN.slice(16));
    expect((await stat(sectors)).size).toBe(size);
    expect((await readCard(sectors))?.token).toBeUndefined();
  });

  const bad = [
    ['not JSON', '{', 'not JSON'],
    ['no certificate', { caPem: 'x' }, 'caPem is not a certificate'],
    ['a malformed token', { token: 'ush1.short' }, 'token is malformed'],
    ['a wrong version', { v: 2 }, 'v:'],
  ] as const;
  it.each(bad)('with %s is refused by name', async (_what, change, message) => {
    await device.writeCard(appliance);
    const good = JSON.parse((await device.read(device.paths.card)) ?? '') as object;
    await device.write(device.paths.card, typeof change === 'string' ? change : JSON.stringify({ ...good, ...change }));
    const reading = readCard(device.paths.card);
    await expect(reading).rejects.toMatchObject({ code: 'CARD_INVALID' });
    await expect(reading).rejects.toThrow(message);
  });
});
