import type { ClaimView, DeviceView, SiteView, TokenView } from '../../core/schemas.ts';

// One small site, so that the examples of the document belong together.

export const DEVICE_ID = 'k4t7m2c0ffee00000000000000';
const OTHER_ID = 'q8w3r5c0ffee00000000000000';
export const NEWCOMER_ID = OTHER_ID;

export const DEVICE: DeviceView = {
  ...{ version: 'n0Ql3rYc2V8hJb1x', id: DEVICE_ID, shortId: 'K4T7M2', stage: 'Ready', state: 'ready' },
  ...{ since: '2026-03-01T08:01:12Z', firstSeen: '2026-03-01T07:58:03Z', lastSeen: '2026-03-01T08:05:00Z' },
  ...{ macs: ['dc:a6:32:01:02:03'], ip: '192.168.8.21', hostname: 'usher-k4t7m2', arch: 'arm64', memoryMiB: 3792 },
  ...{ model: 'Raspberry Pi 4 Model B Rev 1.4', serial: '10000000abcdef01', evidence: 'CardToken' },
  devices: [{ path: '/dev/ttyUSB0', usb: { vendor: '0403', product: '6001', name: 'FTDI FT232R USB UART' } }],
  ...{ claimable: false, claim: 'lathe-left', nodeName: 'lathe-left', labels: { machine: 'lathe' } },
};

export const CLAIM: ClaimView = {
  ...{ name: 'lathe-left', version: '4a7c90d1e2f3.1', phase: 'Joined', match: { device: DEVICE_ID } },
  ...{ nodeName: 'lathe-left', labels: { machine: 'lathe' }, taints: [], device: DEVICE_ID },
  ...{ reclaimPolicy: 'Retain', conditions: [] },
};

export const TOKEN: TokenView = {
  ...{ tokenId: '4t7m2c0ffe', kind: 'batch', usesLeft: 20, state: 'usable', note: 'hall 3', boundTo: [] },
  ...{ createdAt: '2026-03-01T08:00:00Z', expiresAt: '2026-03-31T08:00:00Z' },
};

export const SITE: SiteView = {
  ...{ name: 'hall-3', version: '0.1.0', applianceId: 'a1b2c3c0ffee00000000000000' },
  serverTime: '2026-03-01T08:05:00Z',
  interfaces: [{ name: 'eth0', addresses: ['192.168.8.1'] }],
  kubernetes: { ready: true, version: 'v1.36.3+k3s1', server: 'https://192.168.8.1:6443' },
  enrolUrls: ['https://192.168.8.1:7443'],
  sources: [{ name: 'dhcp', working: true }],
};
