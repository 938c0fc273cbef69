import { UsherError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';
import type { JoinDesk, ProvenDevice, Ticket } from '../../join/core/ports.ts';
import type { CheckInReply, DeviceReport, EnrolStatus } from '../../join/protocol/messages.ts';
import type { DeviceEvidence } from '../../k8s/core/resources.ts';

type Standing = Pick<EnrolStatus, 'state' | 'version' | 'reason' | 'nodeName'>;

/** A join desk in memory: what it was told can be read, what it answers can be set. */
export class FakeDesk implements JoinDesk {
  readonly admissions: { device: ProvenDevice; evidence: DeviceEvidence }[] = [];
  readonly reports: (DeviceReport & { deviceId: string })[] = [];
  readonly claimedKeys = new Set<string>();
  order: CheckInReply['order'] = 'stay';
  readonly #standings = new Map<string, Standing>();
  readonly #handlers = new Set<(deviceId: string) => void>();

  /** Sets how a device stands and tells about it. */
  set(deviceId: string, state: EnrolStatus['state'], more: Partial<Standing> = {}): void {
    const version = (this.#standings.get(deviceId)?.version ?? 0) + 1;
    this.#standings.set(deviceId, { state, version, ...more });
    this.tell(deviceId);
  }

  tell(deviceId: string): void {
    for (const handler of this.#handlers) handler(deviceId);
  }

  isAdmitted(deviceId: string): boolean {
    return this.#standings.has(deviceId);
  }

  /** Ids of the devices that each device replaces, by a claim that names its key. */
  readonly replacements = new Map<string, string[]>();

  replacedBy(deviceId: string): string[] {
    return this.replacements.get(deviceId) ?? [];
  }

  claimsKey(keyFingerprint: string): boolean {
    return this.claimedKeys.has(keyFingerprint);
  }

  admit(device: ProvenDevice, evidence: DeviceEvidence): Promise<void> {
    this.admissions.push({ device, evidence });
    if (!this.isAdmitted(device.deviceId)) this.set(device.deviceId, 'verified');
    return Promise.resolve();
  }

  statusOf(deviceId: string): Standing {
    const standing = this.#standings.get(deviceId);
    if (standing === undefined) throw new UsherError('DEVICE_UNKNOWN', { id: deviceId });
    return standing;
  }

  requestTicket(deviceId: string): Promise<Ticket> {
    if (this.statusOf(deviceId).state !== 'approved') return Promise.reject(new UsherError('NOT_APPROVED'));
    return Promise.resolve({
      ticketId: 'abc123',
      nodeName: 'lathe-left',
      server: 'https://192.168.8.1:6443',
      token: new Secret('K10ff::abc123.0123456789abcdef'),
      nodePassword: new Secret('00112233445566778899aabbccddeeff'),
      expiresAtMs: Date.parse('2026-01-01T00:06:00Z'),
    });
  }

  joined(deviceId: string): Promise<void> {
    this.set(deviceId, 'joined');
    return Promise.resolve();
  }

  report(deviceId: string, report: DeviceReport): Promise<void> {
    this.reports.push({ ...report, deviceId });
    return Promise.resolve();
  }

  checkIn(): Promise<CheckInReply['order']> {
    return Promise.resolve(this.order);
  }

  onChange(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}
