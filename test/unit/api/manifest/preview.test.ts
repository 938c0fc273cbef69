import { describe, expect, it } from 'vitest';
import { DEVICE, NODE } from '../../../../k8s/core/resources.ts';
import { device, DEVICE_ID, MAC } from '../../../support/api-fixture.ts';
import { ManifestSite, told } from './manifest-site.ts';

const SERIAL = '10000000abcdef01';
const OTHER = '10000000abcdef02';

describe('a file against the site', () => {
  it('says what is new, field by field', () => {
    const row = new ManifestSite().row(
      'key_fp,serial,mac,duid,name,profile,labels,site\n,10000000ABCDEF01,,,gh-07,greenhouse,"cap-i2c=true;zone=a",north\n',
    );
    expect(row).toEqual({
      ...{ line: 2, name: 'gh-07', match: `serial ${SERIAL}`, outcome: 'new' },
      changes: [
        { field: 'match', to: `serial ${SERIAL}` },
        { field: 'labels.cap-i2c', to: 'true' },
        { field: 'labels.zone', to: 'a' },
        { field: 'labels.profile', to: 'greenhouse' },
        { field: 'labels.site', to: 'north' },
      ],
    });
  });

  it('says what changes, and leaves what the file has no column for', async () => {
    const site = new ManifestSite();
    const taints = [{ key: 'dedicated', effect: 'NoSchedule' as const }];
    await site.claim('tank', { match: { serial: SERIAL }, labels: { machine: 'tank', zone: 'a' }, taints });
    const text = (labels: string): string => `name,serial,labels\ntank,${SERIAL},${labels}\n`;
    expect(site.row(text('machine=tank;zone=a')).outcome).toBe('unchanged');
    expect(site.row(text('machine=lathe')).changes).toEqual([
      { field: 'labels.machine', from: 'tank', to: 'lathe' },
      { field: 'labels.zone', from: 'a' },
    ]);
    expect(site.row(`name,serial,label:machine\ntank,${SERIAL},lathe\n`).changes).toEqual([
      { field: 'labels.machine', from: 'tank', to: 'lathe' },
    ]);
    expect(site.row(`name,serial,taints\ntank,${SERIAL},\n`).changes).toEqual([
      { field: 'taints.dedicated:NoSchedule', from: '' },
    ]);
    const yaml = `apiVersion: usher.internal/v1alpha1\nkind: DeviceClaim\nmetadata: {name: tank}\nspec: {match: {serial: '${SERIAL}'}}`;
    expect(site.row(yaml, 'yaml').changes).toHaveLength(3);
  });

  it.each([
    ['serial,10000000ABCDEF01', { serial: SERIAL }],
    ['mac,B8-27-EB-C0-FF-EE', { mac: MAC }],
    ['mac,b827.ebc0.ffee', { mac: MAC }],
    ['mac,B827EBC0FFEE', { mac: MAC }],
    ['mac,b8 27 eb c0 ff ee', { mac: MAC }],
    ['key_fp,AA:' + 'bb:'.repeat(30) + 'CC', { keyFingerprint: `aa${'bb'.repeat(30)}cc` }],
    ['device,K4T7M2C0FFEE00000000000000', { device: DEVICE_ID }],
  ])('knows %s again', async (cell, match) => {
    const site = new ManifestSite();
    await site.claim('tank', { match });
    const [column = '', value = ''] = cell.split(',');
    expect(site.row(`name,${column}\ntank,${value}\n`).outcome).toBe('unchanged');
  });

  it('reads a List, and what kubectl get -o yaml prints', async () => {
    const site = new ManifestSite();
    const claim = await site.claim('tank', { match: { serial: SERIAL } });
    const items = [{ ...claim, status: { phase: 'Waiting' } }];
    const { rows } = site.preview(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'yaml');
    expect(rows).toMatchObject([{ name: 'tank', outcome: 'unchanged' }]);
  });
});

describe('what stands in the way', () => {
  const site = new ManifestSite();
  it('is told with its code, line and column', async () => {
    await site.claim('tank', { match: { serial: SERIAL } });
    await site.claim('old', { match: { mac: MAC }, nodeName: 'node-old' });
    await site.claim('bound', { match: { device: DEVICE_ID } });
    await site.kube.create(DEVICE, device(DEVICE_ID, {}));
    await site.kube.replaceStatus(
      DEVICE,
      device(DEVICE_ID, {
        hardware: { macs: ['b8:27:eb:00:00:09'], serial: '10000000abcdef99' },
        claimRef: { name: 'bound', uid: '1' },
      }),
    );
    await site.kube.create(DEVICE, device('k4t7z9c0ffee00000000000000', {}, { decision: 'Revoked' }));
    await site.kube.replaceStatus(DEVICE, {
      ...device('k4t7z9c0ffee00000000000000', {
        hardware: { macs: [] },
        join: { schema: 1, state: 'revoked', attempt: 1, nodeName: 'stolen', since: '2026-01-01T00:00:00Z' },
      }),
    });
    await site.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'master' } });
    await told();
    const text = [
      'name,serial,mac,node_name,device,replaces',
      `tank,${OTHER},,,,`,
      `other,${SERIAL},,,,`,
      'third,10000000abcdef99,,,,',
      'master,10000000abcdef03,,,,',
      'fourth,10000000abcdef04,,node-old,,',
      `old,,${MAC},node-new,,`,
      'twin-a,10000000abcdef05,,,,',
      'twin-b,10000000ABCDEF05,,,,',
      'same,10000000abcdef06,,,,',
      'same,10000000abcdef07,,,,',
      'stolen,10000000abcdef08,,,,',
      'left,10000000abcdef09,,one,,',
      'right,10000000abcdef0a,,one,,',
      `bound,,,,${DEVICE_ID.replace(/0$/, '1')},${DEVICE_ID}`,
    ].join('\n');
    const told_ = site.preview(text).rows.map(({ line, column, outcome, code }) => [line, column, outcome, code]);
    expect(told_).toEqual([
      [2, 6, 'conflict', 'CLAIM_MATCHES_ANOTHER'],
      [3, 7, 'conflict', 'IDENTITY_CLAIMED'],
      [4, 7, 'conflict', 'IDENTITY_CLAIMED'],
      [5, 1, 'conflict', 'NODE_NAME_TAKEN'],
      [6, 26, 'conflict', 'NODE_NAME_TAKEN'],
      [7, 24, 'conflict', 'CLAIM_FIELD_IMMUTABLE'],
      [8, 8, 'conflict', 'MANIFEST_TWICE'],
      [9, 8, 'conflict', 'MANIFEST_TWICE'],
      [10, 1, 'conflict', 'MANIFEST_TWICE'],
      [11, 1, 'conflict', 'MANIFEST_TWICE'],
      [12, 1, 'conflict', 'NODE_NAME_TAKEN'],
      [13, 24, 'conflict', 'MANIFEST_TWICE'],
      [14, 25, 'conflict', 'MANIFEST_TWICE'],
      [15, undefined, 'changed', undefined],
    ]);
  });

  it('finds one board that two rows name by different things', async () => {
    const twins = new ManifestSite();
    await twins.kube.create(DEVICE, device(DEVICE_ID));
    await twins.kube.replaceStatus(DEVICE, device(DEVICE_ID, { hardware: { macs: [MAC], serial: SERIAL } }));
    await told();
    const { rows } = twins.preview(`name,serial,mac\na,${SERIAL},\nb,,${MAC}\n`);
    expect(rows.map(({ code }) => code)).toEqual(['MANIFEST_TWICE', 'MANIFEST_TWICE']);
  });
});

describe('what a spreadsheet does to a file', () => {
  it('is read all the same', () => {
    const text =
      '\uFEFFName;Serial;Labels;;\r\ntank;10000000ABCDEF01;"machine=tank;zone=a";;\r\n;;;;\r\nlathe;10000000abcdef02;"machine=lathe\r\nzone=b";;\r\n\r\n';
    const { rows } = new ManifestSite().preview(text);
    expect(rows.map(({ line, name, outcome, changes }) => [line, name, outcome, changes?.length])).toEqual([
      [2, 'tank', 'new', 3],
      [4, 'lathe', 'new', 3],
    ]);
    expect(new ManifestSite().row(`sep=;\r\nname;mac\r\na;${MAC}`)).toMatchObject({ line: 3, outcome: 'new' });
    expect(new ManifestSite().row(`name\tmac\ra\t${MAC}\r`)).toMatchObject({ line: 2, outcome: 'new' });
  });

  it('says when a serial looks as if it lost its zeros', () => {
    const row = new ManifestSite().row('name,serial\ntank,12345678\n');
    expect(row.outcome).toBe('new');
    expect(row.notes?.join()).toContain('write 0000000012345678');
  });
});
