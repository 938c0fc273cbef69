export type Position = 'open' | 'closed';

/** A valve that closes by itself when nobody speaks to it. */
export interface Valve {
  /** Opens what is between here and the valve, also anew when it was lost, without asking it anything. */
  open(): Promise<void>;
  /** From now on it closes when it hears nothing for `watchdogMs`. */
  arm(watchdogMs: number): Promise<void>;
  /** Moves it, or keeps it where it is; either is a word that its watchdog hears. */
  move(to: Position): Promise<void>;
}
