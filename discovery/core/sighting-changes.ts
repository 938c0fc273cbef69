import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Sighting, SightingChange } from './sighting.ts';

/** Updates are told at once, but in a burst at most this often, and only the last of each sighting. */
export const CHANGE_WINDOW_MS = 200;

/** Tells listeners how the candidates change. */
export interface ChangeTeller {
  /** The present state of the candidate with this MAC address, or that it is none (any longer). */
  tell(mac: string, candidate: Sighting | undefined): void;
  onChange(handler: (change: SightingChange) => void): () => void;
}

/**
 * INVARIANTS: `told` holds exactly the candidates that listeners know of, in the state they know, so each is `added`
 * once and `removed` once. While the window is open, updates wait in `dirty`; additions and removals never wait.
 */
export function createChangeTeller(clock: Clock, logger: Logger): ChangeTeller {
  const handlers = new Set<(change: SightingChange) => void>();
  const told = new Map<string, Sighting>();
  const dirty = new Map<string, Sighting>();
  let isWindowOpen = false;

  const emit = (type: SightingChange['type'], sighting: Sighting): void => {
    for (const handler of handlers) {
      try {
        handler({ type, sighting });
      } catch (error) {
        logger.error({ mac: sighting.mac, detail: messageOf(error) }, 'a listener for sightings failed');
      }
    }
  };
  const update = (sighting: Sighting): void => {
    told.set(sighting.mac, sighting);
    emit('updated', sighting);
  };
  const openWindow = (): void => {
    isWindowOpen = true;
    clock.after(CHANGE_WINDOW_MS, () => {
      isWindowOpen = false;
      if (dirty.size === 0) return;
      openWindow();
      const waiting = [...dirty.values()];
      dirty.clear();
      waiting.forEach(update);
    });
  };

  return {
    tell(mac, candidate) {
      const known = told.get(mac);
      dirty.delete(mac);
      if (candidate === undefined) {
        if (known === undefined) return;
        told.delete(mac);
        emit('removed', known);
      } else if (known === undefined) {
        told.set(mac, candidate);
        emit('added', candidate);
      } else if (factsText(known) === factsText(candidate)) {
        return;
      } else if (isWindowOpen) {
        dirty.set(mac, candidate);
      } else {
        openWindow();
        update(candidate);
      }
    },
    onChange(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}

/** All that a sighting says, save for times and the kind of the last DHCP message, which change with every renewal. */
function factsText(sighting: Sighting): string {
  const observations = sighting.observations
    .toSorted((a, b) => (a.source < b.source ? -1 : 1))
    .map((seen) => Object.entries({ ...seen, atMs: 0, messageType: '' }).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify([sighting.ip, sighting.hostname, sighting.score, sighting.interface, observations]);
}
