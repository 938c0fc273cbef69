import type { JoinEventType } from '../../../join/core/chart.ts';
import { DEVICE_ANNOTATION } from '../../../k8s/core/node-claim.ts';
import { NODE, SECRET, type JoinState } from '../../../k8s/core/resources.ts';
import type { FakeCall } from '../../support/fake-kube.ts';
import { nameOf, type Arrow } from './chart-list.ts';
import type { Walk } from './walk.ts';

type Lead = (walk: Walk) => Promise<void>;

const DAY_MS = 24 * 3_600_000;

const isDeviceStatus = ({ verb, name }: FakeCall, { board }: Walk): boolean =>
  verb === 'replaceStatus' && name === board.id;
const isLabelling = ({ verb, kind }: FakeCall): boolean => verb === 'apply' && kind === 'Node';

async function decided(walk: Walk, decision: 'Rejected' | 'Ignored' | 'Revoked', state: JoinState): Promise<void> {
  await walk.decide(decision);
  await walk.untilState(state);
}

/** How a device is brought into each state and held there. Where it matters, it had a ticket before. */
const REACH: Readonly<Record<JoinState, Lead>> = {
  pending: async (walk) => {
    await REACH.joining(walk);
    await walk.unclaim();
    await walk.untilState('pending');
  },
  approved: async (walk) => {
    await REACH.pending(walk);
    walk.board.asks = false;
    await walk.claim();
    await walk.untilState('approved');
  },
  ticketing: async (walk) => {
    await REACH.approved(walk);
    // The ticket is made, and the status that says so does not come through.
    walk.shut(async (call) => isDeviceStatus(call, walk) && (await walk.state()) === 'ticketing');
    walk.board.asks = true;
    await walk.untilState('ticketing');
    await walk.moment();
  },
  joining: async (walk) => {
    walk.board.joins = false;
    await walk.claim();
    await walk.untilState('joining');
  },
  labelling: async (walk) => {
    walk.board.isReady = false;
    await walk.claim();
    await walk.untilState('labelling');
    await walk.moment();
  },
  ready: async (walk) => {
    await walk.claim();
    await walk.untilState('ready');
  },
  failed: async (walk) => {
    await REACH.joining(walk);
    walk.board.asks = false;
    walk.board.report('k3s ends');
    await walk.untilState('failed');
    await walk.moment();
  },
  quarantined: async (walk) => {
    await REACH.joining(walk);
    walk.board.moveTo('s2', 's1');
    await walk.untilState('quarantined');
    await walk.moment();
  },
  rejected: async (walk) => {
    await REACH.joining(walk);
    await decided(walk, 'Rejected', 'rejected');
  },
  ignored: async (walk) => {
    await REACH.joining(walk);
    await decided(walk, 'Ignored', 'ignored');
  },
  revoked: async (walk) => {
    await REACH.joining(walk);
    await decided(walk, 'Revoked', 'revoked');
  },
  replaced: async (walk) => {
    await REACH.ready(walk);
    await walk.replace();
  },
};

/** The Node of a ticket that was used in the moment in which it was given up. */
async function makeLateNode(walk: Walk, annotations: Record<string, string> = {}): Promise<void> {
  const metadata = { name: 'lathe-left', annotations };
  await walk.site.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata });
  await walk.site.setNodeReady('lathe-left');
}

/** The Node is released, and a pod takes its time to leave it. */
function held(release: Lead): Lead {
  return async (walk) => {
    await walk.holdPod();
    await release(walk);
    for (let i = 0; i < 8; i += 1) await walk.moment();
    walk.letPodGo();
  };
}

/** What somebody or something does so that the event comes. */
const PROVOKE: Readonly<Record<JoinEventType, Lead>> = {
  APPROVE: async (walk) => {
    await walk.claim();
  },
  CLAIM_LOST: (walk) => walk.unclaim(),
  CLAIM_CHANGED: (walk) => walk.changeClaim({ labels: { machine: 'mill' } }),
  RELEASE: async (walk) => {
    if ((await walk.site.node('lathe-left')) === undefined) return makeLateNode(walk);
    await walk.changeClaim({ reclaimPolicy: 'Release' });
    await walk.moment();
    await walk.unclaim();
  },
  REPLACED: (walk) => walk.replace(),
  ASKED: (walk) => {
    walk.board.asks = true;
    return Promise.resolve();
  },
  TICKET_MADE: (walk) => {
    walk.open();
    return Promise.resolve();
  },
  TICKET_FAILED: async (walk) => {
    walk.shut(({ verb, name }) => verb === 'create' && name.startsWith('bootstrap-token-'), 'KUBE_FORBIDDEN');
    walk.board.asks = true;
    await walk.until(async () => ['failed', 'approved'].includes((await walk.state()) ?? ''));
    await walk.untilState('failed');
  },
  NODE_SEEN: async (walk) => {
    if ((await walk.state()) === 'joining') walk.board.joins = true;
    else await makeLateNode(walk, { [DEVICE_ANNOTATION]: walk.board.id });
  },
  NODE_GONE: (walk) => walk.deleteNode(),
  SETTLED: (walk) => {
    walk.board.isReady = true;
    return Promise.resolve();
  },
  LABELS_FAILED: async (walk) => {
    walk.shut(isLabelling, 'KUBE_FORBIDDEN');
    await walk.changeClaim({ labels: { machine: 'mill' } });
    for (let i = 0; i < 3; i += 1) await walk.moment();
  },
  REPORTED: async (walk) => {
    walk.board.report('k3s ends');
    await walk.until(() => walk.board.isHeard);
  },
  HARDWARE_CHANGED: async (walk) => {
    walk.board.moveTo('s2', 's1');
    await walk.untilState('quarantined');
  },
  DEADLINE: async (walk) => {
    walk.board.isReady = false;
    await walk.moment(40_000);
    walk.open();
    for (let i = 0; i < 7; i += 1) await walk.moment(60_000);
  },
  IDLE: async (walk) => {
    walk.board.calls = false;
    // One that was started anew begins to count anew.
    for (let days = 0; days < 2; days += 1) await walk.moment(DAY_MS + 1000);
  },
  RESUME: (walk) => walk.restart(),
  REJECT: (walk) => walk.decide('Rejected'),
  IGNORE: (walk) => walk.decide('Ignored'),
  REVOKE: (walk) => walk.decide('Revoked'),
  RECONSIDER: (walk) => walk.decide('Undecided'),
  RETRY: (walk) => walk.retry(),
};

/** Arrows that need more than their state and their event. */
const OTHERWISE: Readonly<Record<string, { reach?: Lead; provoke?: Lead }>> = {
  // One that had a ticket is never forgotten.
  'pending IDLE pending': { reach: (walk) => walk.moment() },
  'ticketing DEADLINE failed': {
    provoke: async (walk) => {
      for (let i = 0; i < 40; i += 1) await walk.moment();
    },
  },
  'ticketing TICKET_FAILED failed': { reach: REACH.approved },
  'ticketing TICKET_FAILED quarantined [isForeignPassword]': {
    reach: REACH.approved,
    provoke: async (walk) => {
      await walk.site.kube.create(SECRET, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'lathe-left.node-password.k3s', namespace: 'kube-system' },
      });
      walk.board.asks = true;
      await walk.untilState('quarantined');
    },
  },
  'labelling NODE_GONE pending [isUnclaimed]': {
    provoke: async (walk) => {
      await walk.unclaim();
      await walk.moment();
      await walk.deleteNode();
    },
  },
  'ready NODE_GONE pending [isUnclaimed]': {
    provoke: async (walk) => {
      await walk.unclaim();
      await walk.moment();
      await walk.deleteNode();
    },
  },
  'labelling DEADLINE labelling': {
    provoke: async (walk) => {
      walk.shut(isLabelling, 'KUBE_FORBIDDEN');
      await walk.changeClaim({ labels: { machine: 'mill' } });
      await walk.moment();
      walk.open();
      await walk.moment(40_000);
    },
  },
  'labelling RELEASE labelling [isAgain]': {
    provoke: async (walk) => {
      await walk.changeClaim({ reclaimPolicy: 'Release' });
      await walk.moment();
      // Pods of a node that is not Ready are not waited for.
      walk.board.isReady = true;
      await Promise.all([walk.site.setNodeReady('lathe-left'), walk.unclaim()]);
    },
  },
  'replaced RETRY pending': {
    provoke: async (walk) => {
      await walk.takeReplacementBack();
      await walk.retry();
    },
  },
  // What it had is released with the replacement; this is what comes after all.
  'replaced RELEASE replaced': {
    reach: async (walk) => {
      await REACH.joining(walk);
      const newcomer = await walk.meetNewcomer();
      newcomer.asks = false;
      await walk.replace();
      await walk.moment();
    },
  },
  // Where nothing can be left half done, only a failed action brings RESUME.
  'ready RESUME ready': {
    provoke: async (walk) => {
      await walk.changeClaim({ reclaimPolicy: 'Release' });
      await walk.moment();
      walk.shut(({ verb, kind }) => verb === 'delete' && kind === 'Node');
      await walk.unclaim();
      for (let i = 0; i < 3; i += 1) await walk.moment();
    },
  },
};

/** Brings the device to the beginning of the arrow. */
export async function reach(walk: Walk, arrow: Arrow): Promise<void> {
  await (OTHERWISE[nameOf(arrow)]?.reach ?? REACH[arrow.from])(walk);
}

/** Makes the arrow's event happen. */
export async function provoke(walk: Walk, arrow: Arrow): Promise<void> {
  if (arrow.from === 'ticketing' && arrow.event !== 'DEADLINE' && arrow.event !== 'REPLACED') walk.open();
  const lead = OTHERWISE[nameOf(arrow)]?.provoke ?? PROVOKE[arrow.event];
  await (arrow.guard === 'isAgain' ? held(lead) : lead)(walk);
}
