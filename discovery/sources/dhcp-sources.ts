import type { LanInterface } from '../core/lan-interface.ts';
import { type DhcpListenerOptions, type DhcpPackage, startDhcpListener } from './dhcp-listener.ts';
import { type DhcpTapOptions, startDhcpTap } from './dhcp-tap.ts';
import type { Source, SourceState } from './source.ts';

export interface DhcpSourcesOptions extends Omit<DhcpTapOptions & DhcpListenerOptions, 'interface' | 'onFailure'> {
  noLocalDhcpServer: boolean;
  package?: DhcpPackage;
}

export interface DhcpSources {
  /** The interfaces to listen on from now on. */
  follow(interfaces: readonly LanInterface[]): void;
  states(): SourceState[];
  stop(): Promise<void>;
}

/**
 * Sees DHCP by one tap for each LAN interface that is up, or, where no DHCP server is local, by one listener on port 67.
 * Should the listener not get its port, the taps take over.
 */
export function startDhcpSources(options: DhcpSourcesOptions): DhcpSources {
  const taps = new Map<string, Source>();
  let listener: Source | undefined;
  let usesListener = options.noLocalDhcpServer;
  let followed: readonly LanInterface[] = [];

  const startListener = (): void => {
    listener ??= startDhcpListener({
      ...options,
      interface: followed.length === 1 ? (followed[0]?.name ?? '') : '',
      onFailure() {
        usesListener = false;
        follow(followed);
      },
    });
  };
  const followByTaps = (): void => {
    const wanted = new Map(
      followed.filter(({ isUp }) => isUp).map(({ name, index }) => [`${name} ${String(index)}`, name]),
    );
    for (const [key, tap] of taps) {
      if (wanted.has(key)) continue;
      taps.delete(key);
      void tap.stop();
    }
    for (const [key, name] of wanted) {
      if (!taps.has(key)) taps.set(key, startDhcpTap({ ...options, interface: name }));
    }
  };
  const follow = (interfaces: readonly LanInterface[]): void => {
    followed = interfaces;
    if (usesListener) startListener();
    else followByTaps();
  };

  return {
    follow,
    states: () => [
      // A listener that gave way to the taps is no fault for anyone to see to.
      ...(listener === undefined || !usesListener ? [] : [listener.state()]),
      ...[...taps.values()].map((tap) => tap.state()),
    ],
    async stop() {
      await Promise.all(
        [...taps.values(), ...(listener === undefined ? [] : [listener])].map((source) => source.stop()),
      );
    },
  };
}
