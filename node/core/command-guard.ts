/** A command for an actuator as it arrived. */
export interface Command {
  /** The epoch of the holder whom the sender meant. */
  readonly epoch: number | undefined;
  readonly commandId: string | undefined;
  /** What is left of its life by the broker's count (MQTT 5: Message Expiry Interval); undefined when it has none. */
  readonly expiresInMs: number | undefined;
  /** Kept by the broker for whoever subscribes later. */
  readonly retained: boolean;
}

/** Why a command changes nothing. */
export type CommandRefusal =
  'no-grant' | 'incomplete' | 'retained' | 'older-epoch' | 'newer-epoch' | 'expired' | 'seen-before';

/** Commands that were carried out or are under way, with the moment after which they need not be remembered. */
export type SeenCommands = ReadonlyMap<string, number>;

const MOST_REMEMBERED = 4096;

/** The longest that a command may live, by its own word and by the service's. */
export function commandLifeMs({ expiresInMs = 0 }: Command, ttlMs: number): number {
  return Math.min(expiresInMs, ttlMs);
}

/**
 * Whether a command may be carried out. It is refused when it means another holder than this one, when its life is over,
 * and when it was here before; a refused one is not remembered.
 */
export function judgeCommand(
  command: Command,
  now: {
    readonly epoch: number | undefined;
    readonly arrivedMs: number;
    readonly nowMs: number;
    readonly ttlMs: number;
  },
  seen: SeenCommands,
): CommandRefusal | undefined {
  const { epoch, commandId, expiresInMs, retained } = command;
  if (now.epoch === undefined) return 'no-grant';
  if (epoch === undefined || commandId === undefined || expiresInMs === undefined) return 'incomplete';
  if (retained) return 'retained';
  if (epoch < now.epoch) return 'older-epoch';
  if (epoch > now.epoch) return 'newer-epoch';
  if (now.nowMs >= now.arrivedMs + commandLifeMs(command, now.ttlMs)) return 'expired';
  return seen.has(commandId) ? 'seen-before' : undefined;
}

/** Remembers a command for twice its life: the broker may deliver it again (QoS 1) as long as it lives. */
export function rememberCommand(seen: SeenCommands, commandId: string, nowMs: number, ttlMs: number): SeenCommands {
  const kept = [...seen].filter(([, forgetMs]) => forgetMs > nowMs).slice(-(MOST_REMEMBERED - 1));
  return new Map([...kept, [commandId, nowMs + 2 * ttlMs]]);
}
