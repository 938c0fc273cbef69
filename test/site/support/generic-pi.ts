import { ENROL_PORT } from '../../../join/protocol/messages.ts';
import { LAN } from '../../../lab/core/address-plan.ts';
import { readQrFromScreen } from '../../support/qr-picture.ts';
import { eventually, type RunningSite } from './running-site.ts';

/** What a device writes for whoever looks at its screen. */
export const SCREEN = '/etc/issue.d/usher.issue';
/** Origin of the page, as generic cards have it. */
export const CLAIM_BASE = 'https://usher.local';
const SOON_MS = 30_000;

/**
 * Plugs in a Pi with a generic card: it belongs to no site.
 * @param appliance address that somebody wrote onto the card
 */
export async function plugGenericPi(
  { site }: RunningSite,
  name: string,
  appliance: string = LAN.master,
): Promise<void> {
  const urls = [`https://${appliance}:${String(ENROL_PORT)}`];
  const usherJson = { v: 1, issuedAt: '2026-01-01T00:00:00Z', urls, claimBase: CLAIM_BASE } as const;
  await site.lab.addPi({ name, card: await site.lab.cards.write(usherJson) });
  await site.lab.plug(name);
}

/** What a phone's camera reads from the screen of a Pi. */
export function scanScreen({ site }: RunningSite, name: string): Promise<string> {
  return eventually(`a QR code on the screen of ${name}`, SOON_MS, async () => {
    const text = await site.lab.machine(name).readFile(SCREEN);
    return text === undefined || !/[█▀▄]/.test(text) ? undefined : await readQrFromScreen(text);
  });
}
