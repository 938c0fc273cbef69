import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { approvedNodeNames } from '../../k8s/approved-nodes.ts';
import { DEVICE, DEVICE_CLAIM, NODE, SECRET } from '../../k8s/core/resources.ts';
import type { HollowBoard } from '../../lab/hollow/hollow-board.ts';

/** What became of a crowd, as an administrator finds it in the cluster: everything in it should be empty. */
export interface CrowdAccount {
  /** Boards without exactly one Device, one Node of their claim's name with its labels, Ready. */
  readonly lost: string[];
  /** Devices and Nodes that no board accounts for, or that a board has twice. */
  readonly surplus: string[];
  /** Bootstrap tokens that are left over. */
  readonly tickets: string[];
  /** Names that are still allowed to become a Node. */
  readonly listedNames: string[];
  /** Node passwords that k3s has not tied to their Node. */
  readonly loosePasswords: string[];
}

/** The label by which each board of a crowd is told from the others. */
export const CROWD_LABEL = 'crowd-seat';

/** Counts what the cluster holds of these boards. */
async function accountOf(kube: KubeClient, boards: readonly HollowBoard[]): Promise<CrowdAccount> {
  const [devices, nodes, secrets, listedNames] = await Promise.all([
    kube.list(DEVICE),
    kube.list(NODE),
    kube.list(SECRET, { namespace: 'kube-system' }),
    approvedNodeNames(kube),
  ]);
  const lost: string[] = [];
  const surplus: string[] = [];
  const bySerial = Map.groupBy(devices, ({ status }) => status?.hardware?.serial ?? '');
  const byName = Map.groupBy(nodes, ({ metadata }) => metadata.name);
  for (const { name, serial } of boards) {
    const [device, ...moreDevices] = bySerial.get(serial) ?? [];
    const [node] = byName.get(name) ?? [];
    const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    const isLabelled = node?.metadata.labels?.[CROWD_LABEL] === name;
    const isTied = device?.status?.nodeRef?.uid === node?.metadata.uid && device?.status?.phase === 'Ready';
    if (device === undefined || node === undefined || isReady !== true || !isLabelled || !isTied)
      lost.push(`${name}: ${device?.status?.phase ?? 'no Device'}, ${node === undefined ? 'no Node' : 'Node'}`);
    surplus.push(...moreDevices.map(({ metadata }) => `Device ${metadata.name} of ${name}`));
    bySerial.delete(serial);
    byName.delete(name);
  }
  surplus.push(...[...bySerial.values()].flat().map(({ metadata }) => `Device ${metadata.name}`));
  surplus.push(...[...byName.values()].flat().map(({ metadata }) => `Node ${metadata.name}`));
  const tickets = secrets.filter(({ type }) => type === 'bootstrap.kubernetes.io/token');
  const passwords = secrets.filter(({ type }) => type === 'k3s.cattle.io/node-password');
  return {
    lost,
    surplus,
    tickets: tickets.map(({ metadata }) => metadata.name),
    listedNames: listedNames.filter((name) => boards.some((board) => board.name === name)),
    loosePasswords: passwords
      .filter(({ metadata }) => metadata.ownerReferences === undefined)
      .map(({ metadata }) => metadata.name),
  };
}

/** The account as soon as nothing is amiss in it, or what it is after `limitMs`: tickets are burnt a moment after the Node. */
export async function settledAccount(
  kube: KubeClient,
  boards: readonly HollowBoard[],
  limitMs: number,
): Promise<CrowdAccount> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const account = await accountOf(kube, boards);
    const { lost, surplus, tickets, listedNames, loosePasswords } = account;
    const amiss = [lost, surplus, tickets, listedNames, loosePasswords].flat().length;
    if (amiss === 0 || Date.now() > endMs) return account;
    await delay(LOOK_MS);
  }
}

/** Applies a claim by serial for each board, as `kubectl apply -f claims.yaml` would. */
export async function claimBoards(kube: KubeClient, boards: readonly HollowBoard[]): Promise<void> {
  await inParallel(boards, async ({ name, serial }) => {
    await kube.create(DEVICE_CLAIM, {
      apiVersion: 'usher.internal/v1alpha1',
      kind: 'DeviceClaim',
      metadata: { name },
      spec: { match: { serial }, labels: { [CROWD_LABEL]: name, machine: 'crowd' } },
    });
  });
}

const AT_ONCE = 8;
const LOOK_MS = 500;

/** Does `work` for each item, a few at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
