import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';
import type {
  AlarmView,
  ClaimChange,
  ClaimView,
  ClusterCaView,
  CreatedToken,
  DecisionRequest,
  DeviceView,
  LiveEvent,
  NewClaim,
  NewToken,
  RevocationView,
  SessionView,
  SiteView,
  StoryView,
} from '../api/core/schemas.ts';
import { requestTo, type ApiRequest } from '../api/client/request-to.ts';
import { LiveLink, type Connection } from './live-link.ts';
import { FrameQueue } from './frame-queue.ts';
import { byArrival, withClaims, withDevices } from './live-maps.ts';
import { request, type Refusal, type Reply } from './requests.ts';
import { reaches, type Role } from './roles.ts';

/** All that the page shows, kept up to date by the appliance's event stream, and what it can ask for. */
export interface LiveStore {
  /** Undefined until the appliance has answered. */
  session: ReadonlySignal<SessionView | undefined>;
  /** Why there is no answer, or why an earlier session ended. */
  notice: ReadonlySignal<Refusal | undefined>;
  site: ReadonlySignal<SiteView | undefined>;
  connection: ReadonlySignal<Connection>;
  /** Milliseconds since the epoch, when the connection was last known to be live. */
  liveAtMs: ReadonlySignal<number>;
  /** Undefined until the first snapshot. */
  devices: ReadonlySignal<DeviceView[] | undefined>;
  claims: ReadonlySignal<ClaimView[]>;
  /** What a person must judge, newest first. */
  alarms: ReadonlySignal<readonly AlarmView[]>;
  /** Another one whenever something about a sensor service changed. */
  servicesRevision: ReadonlySignal<number>;
  /** Milliseconds since the epoch by the appliance's clock, ticking once a second. */
  nowMs: ReadonlySignal<number>;
  /** Set while something waits for the reader to sign in again; called with whether that happened. */
  freshSignIn: ReadonlySignal<((isDone: boolean) => void) | undefined>;
  /** Whether the reader's role is at least this one. */
  may: (needed: Role) => boolean;
  start: () => Promise<void>;
  /** Reads anew who is signed in and what that one should do first. */
  lookAgain: () => Promise<void>;
  /** By a code of the appliance, or by name and password. */
  signIn: (by: { code: string } | { name: string; password: string }) => Promise<Refusal | undefined>;
  /** To be called when the appliance has signed the reader in another way. */
  signedIn: (session: SessionView) => Promise<void>;
  signOut: () => Promise<void>;
  /** `seen`: the version of the device that the reader looked at; by default the one that the page knows now. */
  claim: (claim: NewClaim, seen?: string) => Promise<Refusal | undefined>;
  /** Deletes a claim, after telling it what is to become of its node where that is not what it says. */
  unclaim: (name: string, reclaimPolicy?: ClaimView['reclaimPolicy']) => Promise<Refusal | undefined>;
  decide: (id: string, decision: DecisionRequest['decision']) => Promise<Refusal | undefined>;
  /** Lets the device `by` take the place of the device `old`. */
  replace: (old: string, by: string) => Promise<Refusal | undefined>;
  /** Takes back that the device was replaced, so that it may be claimed anew. */
  bringBack: (id: string) => Promise<Refusal | undefined>;
  createToken: (token: NewToken) => Promise<Reply<CreatedToken>>;
  /** Somebody has looked at the alarm: it goes. */
  acknowledge: (alarm: string) => Promise<Refusal | undefined>;
  revocation: (device: string) => Promise<Reply<RevocationView>>;
  story: (device: string) => Promise<Reply<StoryView>>;
  clusterCa: () => Promise<Reply<ClusterCaView>>;
  /** Changes labels, taints or pair of a claim: what is given replaces what was there. */
  changeClaim: (name: string, change: ClaimChange) => Promise<Refusal | undefined>;
  /** Any other request of a signed-in reader. */
  ask: <T>(method: string, path: string, body?: unknown) => Promise<Reply<T>>;
}

const ENDED: Refusal = { code: 'SIGN_IN_NEEDED', message: '', remedy: '', own: 'ended' };

/** @returns a store that does nothing before `start` is called */
export function createLiveStore(): LiveStore {
  const session = signal<SessionView | undefined>(undefined);
  const notice = signal<Refusal | undefined>(undefined);
  const site = signal<SiteView | undefined>(undefined);
  const connection = signal<Connection>('connecting');
  const liveAtMs = signal(Date.now());
  const nowMs = signal(Date.now());
  const deviceMap = signal<ReadonlyMap<string, DeviceView> | undefined>(undefined);
  const claimMap = signal<ReadonlyMap<string, ClaimView>>(new Map());
  const alarms = signal<readonly AlarmView[]>([]);
  const servicesRevision = signal(0);
  const freshSignIn = signal<((isDone: boolean) => void) | undefined>(undefined);
  let clockOffsetMs = 0;

  const setSite = (view: SiteView): void => {
    clockOffsetMs = Date.parse(view.serverTime) - Date.now();
    site.value = view;
  };
  const queue = new FrameQueue<LiveEvent>((events) => {
    batch(() => {
      liveAtMs.value = Date.now();
      deviceMap.value = withDevices(deviceMap.value, events);
      claimMap.value = withClaims(claimMap.value, events);
      for (const event of events) {
        if (event.type === 'site') setSite(event.site);
        else if (event.type === 'alarms') alarms.value = event.items;
        else if (event.type === 'services') servicesRevision.value = event.revision;
      }
    });
  });
  const endSession = (why?: Refusal): void => {
    link.stop();
    queue.clear();
    freshSignIn.value?.(false);
    session.value = signedOut(session.value);
    notice.value = why;
    deviceMap.value = undefined;
    claimMap.value = new Map();
    alarms.value = [];
    site.value = undefined;
  };
  const askSession = async (): Promise<Reply<SessionView>> => {
    const reply = await request<SessionView>('GET', '/api/v1/session');
    if (reply.ok && !reply.body.signedIn) {
      endSession(session.value?.signedIn === true ? ENDED : undefined);
      session.value = reply.body;
    }
    return reply;
  };
  const link = new LiveLink({
    onEvent: (event) => queue.push(event),
    onConnection(next) {
      if (next === 'live' || connection.value === 'live') liveAtMs.value = Date.now();
      if (next === 'live') notice.value = undefined;
      connection.value = next;
    },
    mayGoOn: async () => {
      const reply = await askSession();
      return !reply.ok || reply.body.signedIn;
    },
  });
  const open = async (view: SessionView): Promise<void> => {
    session.value = view;
    notice.value = undefined;
    link.start();
    const reply = await request<SiteView>('GET', '/api/v1/site');
    if (reply.ok) setSite(reply.body);
  };
  const send = async <T>(method: string, path: string, body?: unknown, ifMatch?: string): Promise<Reply<T>> => {
    const reply = await request<T>(method, path, body, session.value?.csrfToken, ifMatch);
    if (!reply.ok && reply.status === 401) endSession(ENDED);
    if (reply.ok || reply.refusal.code !== 'FRESH_SIGN_IN_NEEDED') return reply;
    return (await askFreshSignIn()) ? request<T>(method, path, body, session.value?.csrfToken, ifMatch) : reply;
  };
  /** One question for all that waits for it. */
  const askFreshSignIn = (): Promise<boolean> => {
    const before = freshSignIn.value;
    return new Promise((resolve) => {
      freshSignIn.value = (isDone) => {
        freshSignIn.value = undefined;
        before?.(isDone);
        resolve(isDone);
      };
    });
  };
  /** As the OpenAPI document has it: its types are made from there. */
  const sendTo = <T>({ method, path, body }: ApiRequest<T>, ifMatch?: string): Promise<Reply<T>> =>
    send<T>(method, path, body, ifMatch);
  const change = async (call: ApiRequest<unknown>, ifMatch?: string): Promise<Refusal | undefined> => {
    const reply = await sendTo(call, ifMatch);
    return reply.ok ? undefined : reply.refusal;
  };

  return {
    ...{ session, notice, site, connection, liveAtMs, nowMs, servicesRevision, freshSignIn },
    may: (needed) => reaches(session.value?.user?.role, needed),
    devices: computed(() =>
      deviceMap.value === undefined ? undefined : [...deviceMap.value.values()].sort(byArrival),
    ),
    claims: computed(() => [...claimMap.value.values()].sort((a, b) => a.name.localeCompare(b.name))),
    alarms: computed(() => alarms.value.toSorted((a, b) => b.since.localeCompare(a.since))),
    async start() {
      setInterval(() => (nowMs.value = Date.now() + clockOffsetMs), 1000);
      const reply = await askSession();
      if (!reply.ok) endSession(reply.refusal);
      else if (reply.body.signedIn) await open(reply.body);
    },
    signedIn: open,
    async lookAgain() {
      const reply = await askSession();
      if (reply.ok && reply.body.signedIn) session.value = reply.body;
    },
    async signIn(by) {
      const reply = await request<SessionView>('POST', '/api/v1/session', by);
      if (!reply.ok) return reply.refusal;
      await open(reply.body);
      return undefined;
    },
    async signOut() {
      const refusal = await change(requestTo('DELETE', '/api/v1/session'));
      // Without an answer the session may live on: the page must not look as if it were over.
      if (refusal === undefined) endSession();
      else if (session.value?.signedIn === true) notice.value = refusal;
    },
    claim(claim, seen) {
      const known = claim.device === undefined ? undefined : deviceMap.value?.get(claim.device)?.version;
      return change(requestTo('POST', '/api/v1/claims', { body: claim }), seen ?? known);
    },
    async unclaim(name, reclaimPolicy) {
      if (reclaimPolicy !== undefined && claimMap.value.get(name)?.reclaimPolicy !== reclaimPolicy) {
        const refusal = await change(
          requestTo('PATCH', '/api/v1/claims/{name}', { params: { name }, body: { reclaimPolicy } }),
        );
        if (refusal !== undefined) return refusal;
      }
      return change(requestTo('DELETE', '/api/v1/claims/{name}', { params: { name } }));
    },
    decide: (id, decision) =>
      change(requestTo('POST', '/api/v1/devices/{id}/decision', { params: { id }, body: { decision } })),
    replace: (old, by) =>
      change(requestTo('POST', '/api/v1/devices/{id}/replacement', { params: { id: old }, body: { with: by } })),
    async bringBack(id) {
      for (const claim of [...claimMap.value.values()].filter(({ replaces }) => replaces === id)) {
        const refusal = await change(
          requestTo('PATCH', '/api/v1/claims/{name}', { params: { name: claim.name }, body: { replaces: null } }),
        );
        if (refusal !== undefined) return refusal;
      }
      return change(
        requestTo('POST', '/api/v1/devices/{id}/decision', { params: { id }, body: { decision: 'Retry' } }),
      );
    },
    createToken: (token) => sendTo(requestTo('POST', '/api/v1/enrol-tokens', { body: token })),
    async acknowledge(alarm) {
      const refusal = await change(requestTo('DELETE', '/api/v1/alarms/{id}', { params: { id: alarm } }));
      if (refusal === undefined) alarms.value = alarms.value.filter(({ id }) => id !== alarm);
      return refusal;
    },
    revocation: (device) => sendTo(requestTo('GET', '/api/v1/devices/{id}/revocation', { params: { id: device } })),
    story: (device) => sendTo(requestTo('GET', '/api/v1/devices/{id}/story', { params: { id: device } })),
    clusterCa: () => sendTo(requestTo('GET', '/api/v1/cluster-ca')),
    changeClaim: (name, wanted) =>
      change(requestTo('PATCH', '/api/v1/claims/{name}', { params: { name }, body: wanted })),
    ask: send,
  };
}

/** Nobody is signed in; the ways to sign in are the same for the next reader. */
function signedOut(session: SessionView | undefined): SessionView {
  const { oidcName } = session ?? {};
  return { signedIn: false, ways: session?.ways ?? ['code'], ...(oidcName === undefined ? {} : { oidcName }) };
}
