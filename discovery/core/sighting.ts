/** Where a hint came from. */
export type SightingSource = 'dhcp' | 'lease' | 'mdns' | 'neighbour';

/** What one source last told about one MAC address. All strings are already capped and free of control characters. */
export interface Observation {
  source: SightingSource;
  /** Interface it was seen on; empty for lease files. */
  interface: string;
  atMs: number;
  ip?: string;
  hostname?: string;
  /** DHCP option 60. */
  vendorClass?: string;
  /** DHCP option 55, in the order sent. */
  parameterList?: readonly number[];
  /** DHCP option 61 as hex. */
  clientId?: string;
  /** DHCP option 53 by its RFC 2132 name, for instance DISCOVER. */
  messageType?: string;
  /** DHCP option 93. */
  architecture?: number;
  /** DHCP option 97 as hex. */
  machineUuid?: string;
  /** From option 97 of a Raspberry Pi bootloader: the low 32 bits of the board's serial number, eight hex digits. */
  serial?: string;
  /** Board revision code from option 97 of a Raspberry Pi bootloader, for instance d03114. */
  revision?: string;
  /** mDNS service type and TXT, for instance _usher-device._tcp. */
  service?: string;
  txt?: Readonly<Record<string, string>>;
  /** Usher device id, when the hint names one (mDNS TXT `id`). A hint like all others. */
  deviceId?: string;
  /** Things worth a second look, for instance that chaddr and Ethernet source differ. */
  suspicious?: string;
}

/** One reason why a sighting counts as a candidate. */
export interface MatchReason {
  matcher: string;
  score: number;
  why: string;
}

/** Something on the LAN that looks like a candidate. A hint; it proves nothing. Keyed by MAC address. */
export interface Sighting {
  mac: string;
  vendor?: string;
  ip?: string;
  hostname?: string;
  serial?: string;
  deviceId?: string;
  interface: string;
  firstSeenMs: number;
  lastSeenMs: number;
  /** The newest observation of each source. */
  observations: readonly Observation[];
  reasons: readonly MatchReason[];
  /** Sum of the reasons' scores; a candidate from 40 on. */
  score: number;
}

/** The one bounded list that all sources feed. */
export interface SightingList {
  /** Candidates first seen first. `all` includes those below the threshold. */
  list(options?: { all?: boolean }): Sighting[];
  get(mac: string): Sighting | undefined;
  /** Called on each change of a candidate (new, changed facts, evicted). Returns the unsubscribe. */
  onChange(handler: (change: SightingChange) => void): () => void;
}

export interface SightingChange {
  type: 'added' | 'updated' | 'removed';
  sighting: Sighting;
}
