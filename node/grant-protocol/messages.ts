/** Version of the protocol on the grant socket. */
export const GRANT_PROTOCOL = 1;

/** A grant that a service still has from the standby before this one. */
export interface Holding {
  readonly unit: string;
  readonly epoch: number;
}

/** What a service says. */
export type ServiceMessage =
  | { readonly type: 'hello'; readonly protocol: number; readonly podUid: string; readonly holding: readonly Holding[] }
  /** It can be active from now on, for every unit of the service. */
  | { readonly type: 'ready' }
  /** It is in its safe state for that unit; it is no candidate before it says `ready` again. */
  | { readonly type: 'stopped'; readonly unit: string; readonly epoch: number }
  | { readonly type: 'pong'; readonly id: number };

/** What the standby says. */
export type StandbyMessage =
  | { readonly type: 'welcome'; readonly service: string; readonly node: string }
  | {
      readonly type: 'grant';
      readonly unit: string;
      readonly epoch: number;
      /** A reading of the machine's CLOCK_MONOTONIC in milliseconds. */
      readonly validUntilMs: number;
      /** How long after the end of the grant the safe state may take. */
      readonly stopMs: number;
    }
  | { readonly type: 'revoke'; readonly unit: string; readonly epoch: number; readonly reason: string }
  | { readonly type: 'ping'; readonly id: number };

const MOST_UNITS = 64;

/** Reads a service's line; undefined when it is none of this protocol. */
export function parseServiceMessage(line: string): ServiceMessage | undefined {
  const message = objectOf(line);
  switch (message?.['type']) {
    case 'hello': {
      const { protocol, podUid, holding = [] } = message;
      if (!isCount(protocol) || !isText(podUid) || !Array.isArray(holding) || holding.length > MOST_UNITS) break;
      return { type: 'hello', protocol, podUid, holding: holding.filter(isHolding) };
    }
    case 'ready':
      return { type: 'ready' };
    case 'stopped': {
      const { unit, epoch } = message;
      return isText(unit) && isCount(epoch) ? { type: 'stopped', unit, epoch } : undefined;
    }
    case 'pong':
      return isCount(message['id']) ? { type: 'pong', id: message['id'] } : undefined;
  }
  return undefined;
}

/** Reads a standby's line; undefined when it is none of this protocol. */
export function parseStandbyMessage(line: string): StandbyMessage | undefined {
  const message = objectOf(line);
  if (message === undefined) return undefined;
  const { type, unit, epoch, validUntilMs, stopMs, reason, service, node, id } = message;
  switch (type) {
    case 'welcome':
      return isText(service) && isText(node) ? { type, service, node } : undefined;
    case 'ping':
      return isCount(id) ? { type, id } : undefined;
    case 'grant':
      if (!isText(unit) || !isCount(epoch) || !isMs(validUntilMs) || !isMs(stopMs)) return undefined;
      return { type, unit, epoch, validUntilMs, stopMs };
    case 'revoke':
      return isText(unit) && isCount(epoch) && isText(reason) ? { type, unit, epoch, reason } : undefined;
    default:
      return undefined;
  }
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isHolding(value: unknown): value is Holding {
  if (typeof value !== 'object' || value === null) return false;
  return 'unit' in value && isText(value.unit) && 'epoch' in value && isCount(value.epoch);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 253;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isMs(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
