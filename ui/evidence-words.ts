import type { DeviceView } from '../api/core/schemas.ts';

/** What ties a device to this site, in words. */
export const EVIDENCE_WORDS: Record<DeviceView['evidence'], string> = {
  CardToken: 'the token of its own card',
  BatchToken: 'the token of a batch of cards',
  ClaimCode: 'its claim code',
  Key: 'its key, named in a claim',
  None: 'nothing',
};
