import { createHash } from 'node:crypto';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { CandidateList } from '../../join/core/ports.ts';
import type { SightingList } from '../../discovery/core/sighting.ts';
import type { Informer } from '../../k8s/client/kube-client.ts';
import type { Device, DeviceClaim, KubeObject, Node } from '../../k8s/core/resources.ts';
import { claimView } from '../core/claim.ts';
import { RowIndex } from '../core/row-index.ts';
import type { ClaimView, DeviceView, LiveEvent, SiteView } from '../core/schemas.ts';
import type { IgnoredMac } from '../core/ignored-mac.ts';
import { alarmViews, type AlarmSource } from './alarms.ts';
import { ChangeGate } from './change-gate.ts';
import { NO_SERVICES, type ServiceSource } from './routes/service-routes.ts';

/** Live caches of the objects that rows are made of. */
export interface Informers {
  devices: Informer<Device>;
  claims: Informer<DeviceClaim>;
  nodes: Informer<Node>;
}

/** MAC addresses that are ignored, kept by {@link IgnoredMacs}. */
export interface IgnoredMacList {
  list(): ReadonlyMap<string, IgnoredMac>;
  onChange(handler: () => void): () => void;
}

export interface LiveModelOptions {
  sightings: SightingList;
  candidates: CandidateList;
  informers: Informers;
  alarms: AlarmSource;
  /** Default none. */
  services?: Pick<ServiceSource, 'onChange'>;
  /** What was ignored before it showed a key; default nothing. */
  ignoredMacs?: IgnoredMacList;
  site: () => SiteView;
  clock: Clock;
  /** Gets each real change. `key` names the thing: a later event of the same key replaces an earlier one. */
  publish: (key: string, event: LiveEvent) => void;
}

/** A row of which nothing but the time it was last seen changed is passed on this often. */
const LAST_SEEN_STEP_MS = 60_000;
/** 96 bits: a device may choose what it is called, and must not find two names of one version. */
const VERSION_CHARS = 16;
const SITE_LOOK_MS = 2_000;
export const SITE_KEY = 'site';
const ALARMS_KEY = 'alarms';
const SERVICES_KEY = 'services';

/** The rows and claims as operators see them, always up to date, and the events that tell of their changes. */
export class LiveModel {
  readonly #options: LiveModelOptions;
  readonly #index = new RowIndex();
  readonly #rows = new Map<string, DeviceView>();
  readonly #gate: ChangeGate;
  readonly #stops: (() => void)[] = [];
  #cancelSite: CancelTimer = () => undefined;
  /** Grows with every change of a service, also over restarts. */
  #servicesRevision: number;

  constructor(options: LiveModelOptions) {
    this.#options = options;
    this.#gate = new ChangeGate(options.clock);
    this.#servicesRevision = options.clock.nowMs();
    const { sightings, candidates, informers } = options;
    // Subscribed before the lists are read: what comes meanwhile is then seen twice, never missed.
    this.#stops.push(
      options.alarms.onChange(() => {
        const event = this.#alarms();
        this.#gate.offer(ALARMS_KEY, JSON.stringify(event), () => options.publish(ALARMS_KEY, this.#alarms()));
      }),
      (options.services ?? NO_SERVICES).onChange(() => {
        this.#servicesRevision += 1;
        this.#gate.offer(SERVICES_KEY, String(this.#servicesRevision), () =>
          options.publish(SERVICES_KEY, this.#services()),
        );
      }),
      sightings.onChange(({ type, sighting }) => {
        this.#update(type === 'removed' ? this.#index.removeSighting(sighting.mac) : this.#index.setSighting(sighting));
      }),
      candidates.onChange((id) => {
        const candidate = candidates.get(id);
        this.#update(candidate === undefined ? this.#index.removeCandidate(id) : this.#index.setCandidate(candidate));
      }),
      this.#follow(
        informers.devices,
        (device) => this.deviceChanged(device),
        (name) => this.#index.removeDevice(name),
      ),
      this.#follow(
        informers.nodes,
        (node) => this.#update(this.#index.setNode(node)),
        (name) => this.#index.removeNode(name),
      ),
      this.#follow(
        informers.claims,
        (claim) => this.claimChanged(claim),
        (name) => this.#removeClaim(name),
      ),
    );
    this.#followIgnored(options.ignoredMacs);
    for (const sighting of sightings.list()) this.#update(this.#index.setSighting(sighting));
    for (const candidate of candidates.list()) this.#update(this.#index.setCandidate(candidate));
    this.#watchSite();
  }

  get index(): RowIndex {
    return this.#index;
  }

  /** All rows, first seen first. */
  rows(): DeviceView[] {
    return [...this.#rows.values()].sort(byArrival);
  }

  row(id: string): DeviceView | undefined {
    return this.#rows.get(id);
  }

  /** All claims by name. */
  claims(): ClaimView[] {
    return this.#index
      .claims()
      .map(claimView)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** All that a client needs who knows nothing, or nothing that is sure. */
  snapshot(): LiveEvent[] {
    return [{ type: 'snapshot', devices: this.rows(), claims: this.claims() }, this.#alarms(), this.#services()];
  }

  #alarms(): Extract<LiveEvent, { type: 'alarms' }> {
    return { type: 'alarms', items: alarmViews(this.#options.alarms) };
  }

  #services(): Extract<LiveEvent, { type: 'services' }> {
    return { type: 'services', revision: this.#servicesRevision };
  }

  /** Takes in a Device that was just written, so that the writer sees its own change at once. */
  deviceChanged(device: Device): void {
    this.#update(this.#index.setDevice(device));
  }

  /** Takes in a claim that was just written. */
  claimChanged(claim: DeviceClaim): void {
    const view = claimView(claim);
    this.#offer(`claim/${view.name}`, JSON.stringify(view), { type: 'claim', claim: view });
    this.#update(this.#index.setClaim(claim));
  }

  /** Stops following the sources. */
  close(): void {
    for (const stop of this.#stops) stop();
    this.#cancelSite();
    this.#gate.close();
  }

  #follow<T extends KubeObject>(
    informer: Informer<T>,
    set: (object: T) => void,
    remove: (name: string) => ReadonlySet<string>,
  ): () => void {
    const stop = informer.onChange(({ type, object }) => {
      if (type === 'deleted') this.#update(remove(object.metadata.name));
      else set(object);
    });
    for (const object of informer.list()) set(object);
    return stop;
  }

  #followIgnored(ignored: IgnoredMacList | undefined): void {
    if (ignored === undefined) return;
    const take = (): void => this.#update(this.#index.setIgnoredMacs(ignored.list()));
    this.#stops.push(ignored.onChange(take));
    take();
  }

  #removeClaim(name: string): ReadonlySet<string> {
    const key = `claim/${name}`;
    this.#gate.remove(key, () => this.#options.publish(key, { type: 'claim-removed', name }));
    return this.#index.removeClaim(name);
  }

  #update(ids: ReadonlySet<string>): void {
    for (const id of ids) {
      const view = versioned(this.#index.view(id));
      const key = `device/${id}`;
      if (view === undefined) {
        this.#rows.delete(id);
        this.#gate.remove(key, () => this.#options.publish(key, { type: 'device-removed', id }));
      } else {
        this.#rows.set(id, view);
        this.#gate.offer(key, fingerprintOf(view), () => {
          // What is newest when the window ends, not what was newest when it began.
          this.#options.publish(key, { type: 'device', device: this.#rows.get(id) ?? view });
        });
      }
    }
  }

  #offer(key: string, fingerprint: string, event: LiveEvent): void {
    this.#gate.offer(key, fingerprint, () => this.#options.publish(key, event));
  }

  #watchSite(): void {
    const site = this.#options.site();
    this.#offer(SITE_KEY, JSON.stringify({ ...site, serverTime: '' }), { type: 'site', site });
    this.#cancelSite = this.#options.clock.after(SITE_LOOK_MS, () => this.#watchSite());
  }
}

/** Of what an operator tells a device by, not of where it stands: a claim is no other one because a state moved on. */
function versioned(view: DeviceView | undefined): DeviceView | undefined {
  if (view === undefined) return undefined;
  const { id, macs, serial, model, hostname, evidence, claim, nodeName, offer } = view;
  const facts = JSON.stringify([
    id,
    macs.toSorted(),
    serial,
    model,
    hostname,
    evidence,
    claim,
    nodeName,
    offer?.device,
  ]);
  return { ...view, version: createHash('sha256').update(facts).digest('base64url').slice(0, VERSION_CHARS) };
}

/** What of a row makes a change worth telling: all but the moments that move with every packet. */
function fingerprintOf(view: DeviceView): string {
  const lastSeenStep = view.lastSeen === undefined ? 0 : Math.floor(Date.parse(view.lastSeen) / LAST_SEEN_STEP_MS);
  const seenBy = view.seenBy?.map((seen) => ({ ...seen, at: '' }));
  return JSON.stringify({ ...view, lastSeen: lastSeenStep, seenBy });
}

function byArrival(a: DeviceView, b: DeviceView): number {
  const [one, other] = [a.firstSeen ?? a.since, b.firstSeen ?? b.since];
  if (one !== other) return one < other ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
