import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../../foundation/clock.ts';

/** How long a look at the interfaces counts; asking for each request would be wasteful. */
const FRESH_MS = 2_000;
const MAX_ADDRESSES = 64;
const OWN_NAMES = ['localhost', 'usher.local'];

/** The names and addresses by which browsers may call this machine. */
export class MachineNames {
  readonly #clock: Clock;
  readonly #allowed: readonly string[];
  #addresses: readonly string[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** @param allowHosts further names, of `--allow-host` */
  constructor(clock: Clock, allowHosts: readonly string[]) {
    this.#clock = clock;
    const own = hostname().toLowerCase();
    const names = [...OWN_NAMES, own, `${own}.local`, ...allowHosts.map((name) => name.toLowerCase())];
    this.#allowed = [...new Set(names)].filter((name) => /^[a-z0-9.-]+$/.test(name));
  }

  /** All of them, for the certificate: names first, loopback before the LAN. */
  all(): string[] {
    return [...new Set([...this.#allowed, ...this.addresses()])];
  }

  /** Addresses of all interfaces, without IPv6 link-local ones (a URL cannot say their interface). */
  addresses(): readonly string[] {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readAtMs >= FRESH_MS) {
      const found = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
      const usable = found.map(({ address }) => address.toLowerCase()).filter((text) => !text.startsWith('fe80:'));
      this.#addresses = [...new Set(['127.0.0.1', '::1', ...usable])].slice(0, MAX_ADDRESSES);
      this.#readAtMs = nowMs;
    }
    return this.#addresses;
  }

  /** Whether `name` (of a Host header, without port and brackets) is one of this machine. */
  isOwn(name: string): boolean {
    return this.#allowed.includes(name) || this.addresses().includes(name);
  }
}

/** Host name of a Host header or an origin's authority, lower case, without port and brackets; undefined if malformed. */
export function hostOf(authority: string): string | undefined {
  const url = URL.parse(`https://${authority}`);
  if (url === null || url.username !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return undefined;
  }
  return url.hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
