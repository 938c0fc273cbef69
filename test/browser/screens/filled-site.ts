import { systemClock, toRfc3339 } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { ClaimCodes } from '../../../join/enrol/claim-codes.ts';
import { EVENT, EVENTS_NAMESPACE } from '../../../k8s/core/kube-event.ts';
import { DEVICE, DEVICE_CLAIM, type DeviceFailure } from '../../../k8s/core/resources.ts';
import type { ServiceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { candidate, device, type ApiFixture } from '../../support/api-fixture.ts';
import { SERVICE_STATES } from '../../support/sample-service-states.ts';
import { putLeases, SampleServices } from '../../support/sample-services.ts';
import { JoinSite, Pi, settle } from '../../unit/join/join-site.ts';
import { startPageSite, type PageSite } from '../support/page-site.ts';
import {
  idOf,
  macOf,
  putClaim,
  putClaimed,
  putDead,
  putDevice,
  putEveryStage,
  putNewcomer,
  putNode,
  putPods,
} from '../support/sample-site.ts';

export const PASSWORD = 'copper-lantern-walks-slowly';
export const CODE = 'K7QF2M9XTR4C8WHD';
/** Boards without a card, by what becomes of their code; and one that waits for it. */
export const CODED = { waiting: idOf(30), proven: idOf(31), refused: idOf(32) } as const;
/** The one of a fresh card that is not the one of the key; and the one that another has replaced. */
export const QUARANTINED = idOf(8);
export const REPLACED = idOf(22);
/** press-2, of whose way all is known. */
export const READY = idOf(50);
const SEC = 1000;
const MIN = 60 * SEC;

export interface FilledSite extends PageSite {
  claimCodes: ClaimCodes;
}

/** A site where nothing happened yet. */
export async function startNewSite(uiDir: string): Promise<FilledSite> {
  const claimCodes = new ClaimCodes({ clock: systemClock, random: systemRandom });
  return { ...(await startPageSite(uiDir, {}, { claimCodes })), claimCodes };
}

/** A site with a device in every stage, nodes in two halls, people, rules, alarms, and boards that wait for a code. */
export async function startFullSite(uiDir: string): Promise<FilledSite> {
  const claimCodes = new ClaimCodes({ clock: systemClock, random: systemRandom });
  const join = await JoinSite.create();
  const shown = { agent: { isListening: () => true, show: () => Promise.resolve(true) } };
  const identifyWays = { ...shown, node: { show: () => Promise.resolve(true) } };
  let backMs = 0;
  const services = new SampleServices(SERVICE_STATES);
  services.become(services.services.map((service) => activeSince(service, toRfc3339(Date.now() - 9 * MIN))));
  const parts = { claimCodes, approvalRules: join.rules, identifyWays, services };
  const site = await startPageSite(uiDir, {}, parts, () => Date.now() - backMs);
  const { api, alarms } = site;
  await putLeases(api.kube);
  await putUsers(api);
  await putWholeWay(api, (ms) => (backMs = ms));
  backMs = 0;
  await putEveryStage(api);
  await putFailures(api);
  await putNodes(api);
  await putRules(join, api);
  for (const id of Object.values(CODED)) arrive(api, id);
  await alarms.raise({ code: 'HARDWARE_CHANGED', params: { actual: '1', expected: '2' }, device: QUARANTINED });
  return { ...site, claimCodes };
}

/** The service as it is when what is active in it became so then. */
function activeSince(service: ServiceView, since: string): ServiceView {
  const units = service.units.map((unit) => ({
    ...unit,
    ...(unit.active === undefined ? {} : { active: { ...unit.active, since } }),
    ...(unit.lastHandover === undefined ? {} : { lastHandover: { ...unit.lastHandover, time: since } }),
  }));
  return { ...service, units };
}

async function putUsers(api: ApiFixture): Promise<void> {
  for (const [name, role] of Object.entries({ anna: 'admin', carl: 'claimer', vera: 'viewer' })) {
    const body = { name, role, password: PASSWORD };
    await api.call('/api/v1/users', { method: 'POST', headers: api.bearer, body });
  }
  const body = { name: 'grafana', role: 'viewer', expiresInSec: 7_776_000 };
  await api.call('/api/v1/api-tokens', { method: 'POST', headers: api.bearer, body });
}

/** press-2 and all of its way, the times of which its page shows. */
async function putWholeWay(api: ApiFixture, setBack: (ms: number) => void): Promise<void> {
  const startMs = 12 * MIN;
  const labels = { machine: 'press', location: 'hall-3', line: 'b' };
  const at = (ms: number): string => toRfc3339(Date.now() - startMs + ms);
  const id = READY;
  const seenMs = Date.now() - startMs - 9 * SEC;
  api.sightings.see(macOf(50), { ip: '10.0.0.70', firstSeenMs: seenMs, hostname: 'raspberrypi', score: 90 });
  setBack(startMs);
  await putDevice(api, 50, 'Pending');
  setBack(startMs - 48 * SEC);
  const spec = { match: { device: id }, labels, pair: { name: 'presses', role: 'Primary' } } as const;
  await putClaim(api, 'press-2', spec, { phase: 'Joined', deviceRef: { name: id, uid: '' } });
  setBack(startMs - 63 * SEC);
  await putNode(api, 'press-2', labels);
  const told = [
    [49.4, 'Approved', 'Claim press-2 makes it node press-2.'],
    [50, 'TicketMade', 'The ticket for node press-2 is out.'],
    [63, 'NodeSeen', 'Node press-2 exists; its ticket is burnt.'],
    [71, 'Ready', 'Node press-2 is Ready and labelled.'],
  ] as const;
  for (const [sec, reason, note] of told) await putEventAt(api, id, { at: at(sec * SEC), reason, note });
  const join = { schema: 1, state: 'ready', attempt: 1, since: at(71 * SEC), nodeName: 'press-2' } as const;
  const status = { claimRef: { name: 'press-2', uid: '' }, join };
  await putDevice(api, 50, 'Ready', { nodeName: 'press-2', status });
}

async function putEventAt(
  api: ApiFixture,
  name: string,
  told: { at: string; reason: string; note: string },
): Promise<void> {
  const metadata = { name: `told-${told.reason.toLowerCase()}`, namespace: EVENTS_NAMESPACE };
  await api.kube.create(EVENT, {
    ...{ apiVersion: EVENT.apiVersion, kind: EVENT.kind, metadata },
    ...{ eventTime: told.at, reportingController: 'usher', reportingInstance: 'usher' },
    ...{ reason: told.reason, type: 'Normal', note: told.note },
    regarding: { apiVersion: DEVICE.apiVersion, kind: DEVICE.kind, name },
  });
}

/** What went wrong, in each way that a device's page shows differently. */
async function putFailures(api: ApiFixture): Promise<void> {
  const since = toRfc3339(Date.now() - 4 * MIN);
  const failure = (code: DeviceFailure['code'], params: Record<string, string>): DeviceFailure => {
    const { message, remedy } = new UsherError(code, params).toBody();
    return { code, message, remedy, since };
  };
  const changed = failure('HARDWARE_CHANGED', { actual: '1', expected: '2' });
  await putDevice(api, 8, 'Quarantined', { nodeName: 'mill-9', status: { failure: changed } });
  const notSeen = failure('NODE_NOT_SEEN', { nodeName: 'tank-1', limitSec: '360' });
  const retryAt = toRfc3339(Date.now() + 4 * MIN);
  await api.kube.mergePatch(DEVICE, { name: idOf(7) }, { status: { failure: { ...notSeen, retryAt } } }, 'status');
  await putDead(api, 15, 'lathe-3');
  const [device, joined] = [idOf(20).slice(0, 6), idOf(15).slice(0, 6)];
  await putNewcomer(api, 20, 15, failure('REPLACEMENT_OFFERED', { device, identifier: 'serial', joined }));
  await putDevice(api, 22, 'Replaced', {
    status: { failure: failure('DEVICE_REPLACED', { by: idOf(12).slice(0, 6) }) },
  });
  await api.kube.mergePatch(DEVICE_CLAIM, { name: 'oven-1' }, { spec: { replaces: REPLACED } });
  await putDevice(api, 23, 'Pending');
  api.sightings.see(macOf(23), { hostname: 'usher-282137', ip: '10.0.0.43' });
}

/** Ready nodes of two halls. */
async function putNodes(api: ApiFixture): Promise<void> {
  for (const [at, name] of ['press-3', 'mill-1', 'mill-2', 'lathe-1', 'lathe-2', 'saw-1'].entries()) {
    const machine = name.replace(/-\d$/, '');
    const labels = { machine, location: at < 3 ? 'hall-3' : 'hall-4', line: 'b' };
    await putClaimed(api, 60 + at, name, 'Ready', { labels });
  }
  await putPods(api, 'press-1');
  await putPods(api, 'press-2', '-2');
}

/** A batch token, a rule that is off, and a board that it would claim. */
async function putRules(join: JoinSite, { tokens }: ApiFixture): Promise<void> {
  const { view } = await tokens.create({ kind: 'batch', uses: 9, note: 'greenhouse' });
  await new Pi(join, 's1', { kind: 'BatchToken', tokenId: view.tokenId }).hello();
  const shed = { name: 'shed', tokenId: view.tokenId, nameTemplate: 'shed-{n:2}', labels: { zone: 'shed' } };
  await join.rules.create({ ...shed, taints: [], firstNumber: 1, isOn: false, createdAt: view.createdAt });
  await settle();
}

/** A board without a card says hello: it waits for its code. */
function arrive({ candidates }: ApiFixture, id: string): void {
  const { hello } = candidate(id);
  const macs = [`dc:a6:32:00:00:${id.slice(0, 2)}`];
  const hw = { ...hello.hw, macs, serial: `10000000${id.slice(0, 6)}00` };
  const nowMs = Date.now();
  const times = { firstSeenMs: nowMs - 3 * MIN, lastSeenMs: nowMs };
  candidates.arrive(id, { ...times, hello: { ...hello, hw, evidence: { type: 'code' } } });
}

/** The board proves the code that was entered, or fails to. */
export async function answerCode({ api, claimCodes }: FilledSite, id: string): Promise<void> {
  const fingerprint = claimCodes.challengeOf(id)?.fingerprint ?? '';
  if (id === CODED.refused) {
    claimCodes.failed(id, fingerprint, new UsherError('CLAIM_CODE_WRONG', { id: id.slice(0, 6) }), false);
    return;
  }
  const evidence = { kind: 'ClaimCode', verifiedAt: toRfc3339(Date.now()) } as const;
  if ((await api.kube.get(DEVICE, { name: id })) === undefined)
    await api.kube.create(DEVICE, device(id, {}, { evidence }));
  await claimCodes.redeem(id, fingerprint, () => Promise.resolve());
}
