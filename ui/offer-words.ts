import type { DeviceView } from '../api/core/schemas.ts';

type Offer = NonNullable<DeviceView['offer']>;

/** What an offer means, and what speaks for it, in plain words. */
export function offerWords(offer: Offer): { title: string; why: string } {
  const name = offer.nodeName ?? offer.claim ?? offer.shortId;
  switch (offer.because) {
    case 'Serial':
      return {
        title: `This looks like ${name}’s board with a fresh card.`,
        why: 'Both name the same serial number. Anybody can name one: confirm only when you know that the card was written anew.',
      };
    case 'Duid':
      return {
        title: `This looks like ${name}’s board with a fresh card.`,
        why: 'Both use the same DHCP identifier (DUID). Anybody can send one: confirm only when you know that the card was written anew.',
      };
    case 'Token':
      return {
        title: `This came with ${name}’s card, but with another key.`,
        why: `Either the card was put into another board or written again with the same file, or somebody copied it. ${name} goes on untouched until you decide.`,
      };
  }
}
