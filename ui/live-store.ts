import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';
import type {
  AlarmView,
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
import { LiveLink, type Connection } from './live-link.ts';
import { byArrival, withClaim, withDevice } from './live-maps.ts';
import { request, type Refusal, type Reply } from './requests.ts';

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
  /** Milliseconds since the epoch by the appliance's clock, ticking once a second. */
  nowMs: ReadonlySignal<number>;
  start: () => Promise<void>;
  signIn: (code: string) => Promise<Refusal | undefined>;
  signOut: () => Promise<void>;
  claim: (claim: NewClaim) => Promise<Refusal | undefined>;
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
}

const ENDED: Refusal = { code: 'SIGN_IN_NEEDED', message: 'Your session has ended', remedy: 'Sign in again.' };

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
  let clockOffsetMs = 0;

  const setSite = (view: SiteView): void => {
    clockOffsetMs = Date.parse(view.serverTime) - Date.now();
    site.value = view;
  };
  const setDevices = (event: Parameters<typeof withDevice>[1]): void => {
    deviceMap.value = withDevice(deviceMap.value ?? new Map(), event);
  };
  const onEvent = (event: LiveEvent): void => {
    liveAtMs.value = Date.now();
    batch(() => {
      if (event.type === 'site') setSite(event.site);
      else if (event.type === 'alarms') alarms.value = event.items;
      else if (event.type === 'device' || event.type === 'device-removed') setDevices(event);
      else {
        claimMap.value = withClaim(claimMap.value, event);
        if (event.type === 'snapshot') setDevices(event);
      }
    });
  };
  const endSession = (why?: Refusal): void => {
    link.stop();
    session.value = { signedIn: false };
    notice.value = why;
    deviceMap.value = undefined;
    claimMap.value = new Map();
    alarms.value = [];
    site.value = undefined;
  };
  const askSession = async (): Promise<Reply<SessionView>> => {
    const reply = await request<SessionView>('GET', '/api/v1/session');
    if (reply.ok && !reply.body.signedIn) endSession(session.value?.signedIn === true ? ENDED : undefined);
    return reply;
  };
  const link = new LiveLink({
    onEvent,
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
  const send = async <T>(method: string, path: string, body?: unknown): Promise<Reply<T>> => {
    const reply = await request<T>(method, path, body, session.value?.csrfToken);
    if (!reply.ok && reply.status === 401) endSession(ENDED);
    return reply;
  };
  const change = async (method: string, path: string, body?: unknown): Promise<Refusal | undefined> => {
    const reply = await send(method, path, body);
    return reply.ok ? undefined : reply.refusal;
  };

  return {
    ...{ session, notice, site, connection, liveAtMs, nowMs },
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
    async signIn(code) {
      const reply = await request<SessionView>('POST', '/api/v1/session', { code });
      if (!reply.ok) return reply.refusal;
      await open(reply.body);
      return undefined;
    },
    async signOut() {
      const refusal = await change('DELETE', '/api/v1/session');
      // Without an answer the session may live on: the page must not look as if it were over.
      if (refusal === undefined) endSession();
      else if (session.value?.signedIn === true) notice.value = refusal;
    },
    claim: (claim) => change('POST', '/api/v1/claims', claim),
    async unclaim(name, reclaimPolicy) {
      if (reclaimPolicy !== undefined && claimMap.value.get(name)?.reclaimPolicy !== reclaimPolicy) {
        const refusal = await change('PATCH', claimPath(name), { reclaimPolicy });
        if (refusal !== undefined) return refusal;
      }
      return change('DELETE', claimPath(name));
    },
    decide: (id, decision) => change('POST', devicePath(id, 'decision'), { decision }),
    replace: (old, by) => change('POST', devicePath(old, 'replacement'), { with: by }),
    async bringBack(id) {
      for (const claim of [...claimMap.value.values()].filter(({ replaces }) => replaces === id)) {
        const refusal = await change('PATCH', claimPath(claim.name), { replaces: null });
        if (refusal !== undefined) return refusal;
      }
      return change('POST', devicePath(id, 'decision'), { decision: 'Retry' });
    },
    createToken: (token) => send('POST', '/api/v1/enrol-tokens', token),
    async acknowledge(alarm) {
      const refusal = await change('DELETE', `/api/v1/alarms/${encodeURIComponent(alarm)}`);
      if (refusal === undefined) alarms.value = alarms.value.filter(({ id }) => id !== alarm);
      return refusal;
    },
    revocation: (device) => send('GET', devicePath(device, 'revocation')),
    story: (device) => send('GET', devicePath(device, 'story')),
    clusterCa: () => send('GET', '/api/v1/cluster-ca'),
  };
}

function devicePath(id: string, what: string): string {
  return `/api/v1/devices/${encodeURIComponent(id)}/${what}`;
}

function claimPath(name: string): string {
  return `/api/v1/claims/${encodeURIComponent(name)}`;
}
