import { UsherError, type ErrorBody } from '../../foundation/errors.ts';
import type { Hardware } from './messages.ts';

/** What of the hardware tells how well it is. */
export type Health = Pick<Hardware, 'power' | 'card'>;

/** What a person should know of the hardware before it fails, each with its remedy; nothing of it keeps a device from joining. */
export function healthWarnings({ power, card }: Health): ErrorBody[] {
  const warnings: UsherError[] = [];
  if (power?.undervoltage === true) warnings.push(new UsherError('UNDERVOLTAGE'));
  // A board with too little voltage slows itself down as well: one cause, one warning.
  else if (power?.throttled === true) warnings.push(new UsherError('THROTTLED'));
  if (card?.worn === true) warnings.push(new UsherError('CARD_WORN'));
  const errors = card?.errors ?? 0;
  if (errors > 0)
    warnings.push(new UsherError('CARD_ERRORS', { detail: `${errors} or more errors of its file system` }));
  else if (card?.readOnly === true) {
    warnings.push(new UsherError('CARD_ERRORS', { detail: 'its root file system is read-only' }));
  }
  if (card?.nearlyFull === true) warnings.push(new UsherError('DISK_NEARLY_FULL'));
  return warnings.map((warning) => warning.toBody());
}
