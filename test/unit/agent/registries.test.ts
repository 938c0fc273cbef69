import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeIdentity } from '../../../bootstrap-image/agent/adapters/device-key.ts';
import { pointToRegistry } from '../../../bootstrap-image/agent/adapters/registry.ts';
import { devicePaths } from '../../../bootstrap-image/agent/core/device-paths.ts';
import { k3sAgentConfig } from '../../../bootstrap-image/agent/core/k3s-config.ts';
import { withHostEntry } from '../../../bootstrap-image/agent/core/registries.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

describe('where containerd gets images', () => {
  it('is the appliance, by a name whose line in the hosts file follows its address', async () => {
    const root = mkdtempSync(join(tmpdir(), 'usher-registry-'));
    roots.push(root);
    const paths = devicePaths(root);
    mkdirSync(join(root, 'etc'));
    writeFileSync(paths.hosts, '127.0.0.1 localhost\n127.0.1.1 raspberrypi\n\n');
    const options = { paths, identity: makeIdentity() };
    await pointToRegistry(options, { caPem: 'CA' }, 'https://10.0.0.1:7443');
    expect(parse(readFileSync(paths.registries, 'utf8'))).toEqual({
      mirrors: { '*': { endpoint: ['https://registrar.usher.internal:7443'] } },
      configs: {
        'registrar.usher.internal:7443': {
          tls: { ca_file: paths.siteCa, cert_file: paths.deviceCertificate, key_file: paths.deviceKey },
        },
      },
    });
    expect(readFileSync(paths.siteCa, 'utf8')).toBe('CA');
    const written = statSync(paths.registries);
    await pointToRegistry(options, { caPem: 'CA' }, 'https://[fd00::1]:7443');
    const hosts = readFileSync(paths.hosts, 'utf8').split('\n');
    expect(hosts).toEqual([
      '127.0.0.1 localhost',
      '127.0.1.1 raspberrypi',
      expect.stringMatching(/^fd00::1 registrar\.usher\.internal #/),
      '',
    ]);
    // An inode that stayed: what did not change was not written again.
    expect(statSync(paths.registries).ino).toBe(written.ino);
  });

  it('has one line for the name, also in a file without an end', () => {
    const once = withHostEntry('127.0.0.1 localhost', 'a.b', '10.0.0.1');
    expect(withHostEntry(once, 'a.b', '10.0.0.1')).toBe(once);
  });
});

it('the kubelet tells of new devices within a second, on any cgroup', () => {
  const settings = { server: 'https://10.0.0.1:6443', token: 'K10', nodeName: 'tank' };
  const argsOf = (cgroupV1: boolean): unknown =>
    (parse(k3sAgentConfig({ ...settings, cgroupV1 })) as { 'kubelet-arg': string[] })['kubelet-arg'];
  expect(argsOf(false)).toEqual(['node-status-update-frequency=500ms']);
  expect(argsOf(true)).toEqual(['node-status-update-frequency=500ms', 'fail-cgroupv1=false']);
});
