import type { LongPollLimits } from './long-polls.ts';
import type { Limit } from './rate-limiter.ts';

/**
 * Every bound of the device API, so that a lab with many devices behind few addresses can widen them. What is counted
 * per IP counts an IPv6 caller by its /64.
 */
export interface EnrolLimits {
  helloPerKey: Limit;
  helloPerIp: Limit;
  requestsPerKey: Limit;
  /** Of container images: an image has some ten blobs, and after a power cut a node may ask for all of its images. */
  pullsPerKey: Limit;
  /** Requests for a ticket. */
  joinsPerKey: Limit;
  /** Reports of what went wrong: each is written to the device's status and told as an Event. */
  reportsPerKey: Limit;
  /** Tokens that were refused: the brake on guessing. */
  refusedTokensPerIp: Limit;
  /** Proofs of claim codes begun; a code itself may be tried five times. */
  claimProofsPerIp: Limit;
  /** All addresses together. */
  claimProofs: Limit;
  connectionsPerIp: Limit;
  /** All addresses together. */
  connections: Limit;
  /** TLS handshakes under way: more would only make all of them too slow for the devices, which give up after 3 s. */
  handshakes: number;
  openConnections: number;
  openConnectionsPerIp: number;
  longPolls: LongPollLimits;
  /** Time for the TLS handshake, and again for the headers of a request. */
  headersMs: number;
  /** Time for a whole request to arrive. */
  requestMs: number;
  /** A file that makes no progress for so long is given up. */
  stalledMs: number;
}

export const DEFAULT_ENROL_LIMITS: EnrolLimits = {
  helloPerKey: { uses: 6, perSec: 60 },
  helloPerIp: { uses: 20, perSec: 60 },
  requestsPerKey: { uses: 300, perSec: 60 },
  pullsPerKey: { uses: 1200, perSec: 60 },
  joinsPerKey: { uses: 20, perSec: 60 },
  reportsPerKey: { uses: 6, perSec: 60 },
  refusedTokensPerIp: { uses: 10, perSec: 3600 },
  claimProofsPerIp: { uses: 20, perSec: 3600 },
  claimProofs: { uses: 5, perSec: 1 },
  // A device opens one connection for each file it fetches, and several devices may share a NAT address.
  connectionsPerIp: { uses: 60, perSec: 60 },
  connections: { uses: 100, perSec: 1 },
  handshakes: 64,
  openConnections: 2000,
  openConnectionsPerIp: 200,
  longPolls: { total: 1500, perDevice: 2 },
  headersMs: 10_000,
  requestMs: 20_000,
  stalledMs: 60_000,
};
