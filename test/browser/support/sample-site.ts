import type { ApiFixture } from '../../support/api-fixture.ts';
import { EVENT, EVENTS_NAMESPACE } from '../../../k8s/core/kube-event.ts';
import { POD } from '../../../k8s/core/pods.ts';
import {
  DEVICE,
  DEVICE_CLAIM,
  NODE,
  type Device,
  type DeviceClaimSpec,
  type DeviceClaimStatus,
  type DeviceFailure,
  type DevicePhase,
  type DeviceStatus,
} from '../../../k8s/core/resources.ts';
import { toRfc3339 } from '../../../foundation/clock.ts';

const MODEL = 'Raspberry Pi 4 Model B Rev 1.4';
const STATES: Record<DevicePhase, string> = {
  Pending: 'pending',
  Approved: 'approved',
  Joining: 'joining',
  Ready: 'ready',
  Failed: 'failed',
  Quarantined: 'quarantined',
  Rejected: 'rejected',
  Ignored: 'ignored',
  Revoked: 'revoked',
  Replaced: 'replaced',
};

export const FAILURE: DeviceFailure = {
  code: 'NODE_NOT_SEEN',
  message: 'No node tank-1 appeared within 360 s of the ticket',
  remedy: 'A new ticket is tried by itself. On the device, journalctl -u k3s-agent says why k3s does not start.',
  since: '2026-01-01T00:00:00Z',
};

/** The id of the nth device. */
export function idOf(n: number): string {
  return `${String(100_000 + n * 7_919)}c0ffee00000000000000`;
}

/** The MAC address of the nth board. */
export function macOf(n: number): string {
  return `b8:27:eb:00:${hex(n >> 8)}:${hex(n & 255)}`;
}

/** The serial number of the nth board. */
export function serialOf(n: number): string {
  return `10000000${hex(n).repeat(4)}`;
}

/** The public part of the nth card's token. */
export function tokenIdOf(n: number): string {
  return String(n).padStart(10, '0');
}

/** Puts the nth device, with a card's evidence, into a phase; its node exists when the phase says so. */
export async function putDevice(
  api: ApiFixture,
  n: number,
  phase: DevicePhase,
  more: { status?: DeviceStatus; nodeName?: string; spec?: Partial<Device['spec']> } = {},
): Promise<string> {
  const name = idOf(n);
  if ((await api.kube.get(DEVICE, { name })) === undefined) {
    const evidence = { kind: 'CardToken', tokenId: tokenIdOf(n) } as const;
    const spec = { publicKey: '', evidence, decision: 'Undecided', ...more.spec } as const;
    await api.kube.create(DEVICE, { apiVersion: DEVICE.apiVersion, kind: DEVICE.kind, metadata: { name }, spec });
  }
  const { nodeName } = more;
  if (phase === 'Ready' && nodeName !== undefined) await putNode(api, nodeName);
  const node = nodeName === undefined ? undefined : await api.kube.get(NODE, { name: nodeName });
  const join = { schema: 1, state: STATES[phase], attempt: 1, since: toRfc3339(Date.now() - n * 47_000) } as const;
  const status: DeviceStatus = {
    phase,
    hardware: { macs: [macOf(n)], serial: serialOf(n), model: MODEL, arch: 'arm64', memoryMiB: 4096 },
    join: nodeName === undefined ? join : { ...join, nodeName },
    ...(node?.metadata.uid === undefined ? {} : { nodeRef: { name: node.metadata.name, uid: node.metadata.uid } }),
    conditions: [],
    ...more.status,
  };
  await api.kube.mergePatch(DEVICE, { name }, { status }, 'status');
  return name;
}

/** A claim as the binder left it. */
export async function putClaim(
  api: ApiFixture,
  name: string,
  spec: DeviceClaimSpec,
  status: DeviceClaimStatus = {},
): Promise<void> {
  const { apiVersion, kind } = DEVICE_CLAIM;
  await api.kube.create(DEVICE_CLAIM, { apiVersion, kind, metadata: { name }, spec });
  await api.kube.mergePatch(DEVICE_CLAIM, { name }, { status }, 'status');
}

/** The nth device, claimed as `name`, somewhere on its way or at its end. */
export async function putClaimed(
  api: ApiFixture,
  n: number,
  name: string,
  phase: DevicePhase,
  more: { labels?: Record<string, string>; status?: DeviceStatus; reclaimPolicy?: 'Retain' | 'Release' } = {},
): Promise<string> {
  const { labels = { machine: 'lathe', location: name }, reclaimPolicy = 'Retain' } = more;
  const device = idOf(n);
  await putClaim(
    api,
    name,
    { match: { device }, labels, reclaimPolicy },
    { phase: phase === 'Ready' ? 'Joined' : 'Bound', deviceRef: { name: device, uid: '' } },
  );
  if (phase === 'Ready') await putNode(api, name, labels);
  return putDevice(api, n, phase, { nodeName: name, status: { claimRef: { name, uid: '' }, ...more.status } });
}

/** The nth newcomer, pending: the board of device `of` under a new key, with a fresh card. */
export function putNewcomer(api: ApiFixture, n: number, of: number, failure?: DeviceFailure): Promise<string> {
  const hardware = { macs: [macOf(n)], serial: serialOf(of), model: MODEL, arch: 'arm64', memoryMiB: 4096 };
  return putDevice(api, n, 'Pending', { status: { hardware, ...(failure === undefined ? {} : { failure }) } });
}

/** A node that does not answer any more, of a claimed device. */
export async function putDead(api: ApiFixture, n: number, name: string): Promise<string> {
  const id = await putClaimed(api, n, name, 'Ready');
  const message = 'Kubelet stopped posting node status.';
  const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message }];
  await api.kube.mergePatch(NODE, { name }, { status: { conditions } }, 'status');
  return id;
}

export async function putNode(api: ApiFixture, name: string, labels: Record<string, string> = {}): Promise<void> {
  if ((await api.kube.get(NODE, { name })) !== undefined) return;
  const conditions = [{ type: 'Ready', status: 'True' }];
  await api.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status: { conditions } });
}

/**
 * Two pods on a node: one that a controller starts elsewhere and that reads a Secret, and a bare one. `suffix` ends the
 * names of all that is made.
 */
export async function putPods(api: ApiFixture, nodeName: string, suffix = ''): Promise<void> {
  const { apiVersion, kind } = POD;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `vibration${suffix}`, uid: '', controller: true };
  const env = [{ valueFrom: { secretKeyRef: { name: `broker-password${suffix}` } } }];
  await api.kube.create(POD, {
    ...{ apiVersion, kind },
    metadata: { name: `vibration-x2x7q${suffix}`, namespace: 'lathes', ownerReferences: [owner] },
    spec: { nodeName, containers: [{ env }] },
  });
  const metadata = { name: `spindle-reader${suffix}`, namespace: 'lathes' };
  await api.kube.create(POD, { apiVersion, kind, metadata, spec: { nodeName } });
}

/** An Event about a device. */
export async function putEvent(api: ApiFixture, device: string, note: string): Promise<void> {
  await api.kube.create(EVENT, {
    ...{ apiVersion: EVENT.apiVersion, kind: EVENT.kind, metadata: { name: 'told', namespace: EVENTS_NAMESPACE } },
    ...{ eventTime: toRfc3339(Date.now()), reportingController: 'usher', reportingInstance: 'usher' },
    ...{ reason: 'Told', type: 'Normal', note },
    regarding: { apiVersion: DEVICE.apiVersion, kind: DEVICE.kind, name: device },
  });
}

/** A site with something in every stage. */
export async function putEveryStage(api: ApiFixture): Promise<void> {
  const soon = toRfc3339(Date.now() + 240_000);
  api.sightings.see(macOf(1), { hostname: 'raspberrypi', ip: '10.0.0.21', vendor: 'Raspberry Pi Foundation' });
  api.sightings.see(macOf(2), { ip: '10.0.0.22', vendor: 'Raspberry Pi Trading Ltd' });
  await putDevice(api, 3, 'Pending');
  api.sightings.see(macOf(3), { hostname: 'usher-123757', ip: '10.0.0.23' });
  await putDevice(api, 4, 'Pending', { spec: { evidence: { kind: 'None' } } });
  await putClaimed(api, 5, 'lathe-left', 'Approved');
  await putClaimed(api, 6, 'lathe-right', 'Joining');
  await putClaimed(api, 7, 'tank-1', 'Failed', { status: { failure: { ...FAILURE, retryAt: soon } } });
  const changed = {
    code: 'HARDWARE_CHANGED',
    message: 'Serial and MAC of a known key changed',
    remedy: 'Look whether the card was moved to another board.',
    since: soon,
  } as const;
  await putDevice(api, 8, 'Quarantined', { status: { failure: { ...FAILURE, ...changed, code: 'INTERNAL' } } });
  await putDevice(api, 9, 'Rejected', { spec: { decision: 'Rejected' } });
  await putDevice(api, 10, 'Ignored', { spec: { decision: 'Ignored' } });
  await putDevice(api, 11, 'Revoked', { spec: { decision: 'Revoked' } });
  await putClaimed(api, 12, 'press-1', 'Ready', { labels: { machine: 'press', location: 'hall-3', line: 'b' } });
  await putClaim(api, 'oven-1', { match: { serial: '10000000aaaabbbb' }, labels: { machine: 'oven' } });
  await putConflict(api, 'oven-2');
}

/** A claim in conflict, as the binder says it. */
export async function putConflict(api: ApiFixture, name: string): Promise<void> {
  const message = 'Two devices with evidence have the serial number 10000000ccccdddd.';
  const bound = { type: 'Bound', status: 'False', reason: 'ManyDevices', message } as const;
  await putClaim(
    api,
    name,
    { match: { serial: '10000000ccccdddd' }, labels: { machine: 'oven' } },
    { phase: 'Conflict', conditions: [{ ...bound, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  );
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
