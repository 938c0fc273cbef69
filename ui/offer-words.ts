import type { DeviceView } from '../api/core/schemas.ts';
import type { Messages } from './messages/en.ts';

type Offer = NonNullable<DeviceView['offer']>;

/** What an offer means, and what speaks for it, in plain words. */
export function offerWords(offer: Offer, m: Messages): { title: string; why: string } {
  const name = offer.nodeName ?? offer.claim ?? offer.shortId;
  switch (offer.because) {
    case 'Serial':
      return { title: m.offer.freshCard(name), why: m.offer.serialWhy };
    case 'Duid':
      return { title: m.offer.freshCard(name), why: m.offer.duidWhy };
    case 'Token':
      return { title: m.offer.token(name), why: m.offer.tokenWhy(name) };
  }
}
