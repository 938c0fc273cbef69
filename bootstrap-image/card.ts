import { Secret } from '../foundation/secret.ts';
import type { CardFile, ClaimCard } from '../join/protocol/messages.ts';

/** One file or symbolic link that a card carries. */
export interface CardEntry {
  /** Absolute path on the device. What lies under `/boot/firmware` belongs on the FAT partition, the rest on the root one. */
  readonly path: string;
  /** Permission bits; 0 for a symbolic link. */
  readonly mode: number;
  readonly source: CardSource;
}

/** Where the content comes from: a file of this machine, a text that holds a secret, or the target of a symbolic link. */
export type CardSource =
  | { readonly kind: 'file'; readonly from: string }
  | { readonly kind: 'secret'; readonly text: Secret }
  | { readonly kind: 'symlink'; readonly to: string };

export interface CardOptions {
  /** The agent's bundle on this machine (made by bundleAgent). */
  readonly agentBundle: string;
  /** A Node 24 binary for the device's architecture. */
  readonly nodeBinary: string;
  /** What the card is personalised with, also when it is a generic one; left out for an image without any. */
  readonly usherJson?: CardFile | ClaimCard;
}

const UNITS_FOLDER = new URL('agent/units/', import.meta.url);
const SYSTEMD = '/usr/lib/systemd/system';
const ENABLED = '/etc/systemd/system';

/** Units that are on from the first boot. k3s-agent is not: the agent enables it when it has a ticket. */
const WANTED_BY = {
  'usher-agent.service': 'multi-user.target',
  'usher-checkin.service': 'multi-user.target',
  'usher-checkin.timer': 'timers.target',
  'usher-identify.path': 'multi-user.target',
} as const;

/** All files that make a machine with systemd enrol itself: program, units, their enabling links, and `usher.json`. */
export function cardFiles(options: CardOptions): CardEntry[] {
  const entries: CardEntry[] = [
    file('/usr/lib/usher/node', 0o755, options.nodeBinary),
    file('/usr/lib/usher/agent.mjs', 0o644, options.agentBundle),
    // Where k3s' own installer puts it, so that k3s' own uninstaller finds it.
    file('/etc/systemd/system/k3s-agent.service', 0o644, unit('k3s-agent.service')),
    file(`${SYSTEMD}/usher-identify.service`, 0o644, unit('usher-identify.service')),
  ];
  for (const [name, target] of Object.entries(WANTED_BY)) {
    entries.push(file(`${SYSTEMD}/${name}`, 0o644, unit(name)));
    entries.push(link(`${ENABLED}/${target}.wants/${name}`, `${SYSTEMD}/${name}`));
  }
  if (options.usherJson !== undefined) {
    const text = `${JSON.stringify(options.usherJson, null, 2)}\n`;
    entries.push({
      path: '/boot/firmware/usher.json',
      mode: 0o600,
      source: { kind: 'secret', text: new Secret(text) },
    });
  }
  return entries;
}

function file(path: string, mode: number, from: string): CardEntry {
  return { path, mode, source: { kind: 'file', from } };
}

function link(path: string, to: string): CardEntry {
  return { path, mode: 0, source: { kind: 'symlink', to } };
}

function unit(name: string): string {
  return decodeURIComponent(new URL(name, UNITS_FOLDER).pathname);
}
