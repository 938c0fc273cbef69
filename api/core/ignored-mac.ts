/** That an operator ignored whatever has a MAC address. */
export interface IgnoredMac {
  /** When, RFC 3339. */
  readonly at: string;
  /** Who, as in the audit log. */
  readonly by: string;
}

/** As many MAC addresses can be ignored; one more needs another to be taken back first. */
export const MOST_IGNORED_MACS = 1000;
