import type { Observation } from '../core/sighting.ts';

/** Whether a source works, for the page, `usher doctor` and the log. */
export interface SourceState {
  /** For instance `dhcp eth0`. */
  name: string;
  working: boolean;
  /** Why it does not work. */
  detail?: string;
}

/** The state of a source that works unless it failed. */
export function sourceState(name: string, failure: string | undefined): SourceState {
  return failure === undefined ? { name, working: true } : { name, working: false, detail: failure };
}

/** One way of learning who is on the LAN. It starts when it is made. */
export interface Source {
  state(): SourceState;
  stop(): Promise<void>;
}

/** Where sources put what they saw. */
export type Observe = (mac: string, observation: Observation) => void;
