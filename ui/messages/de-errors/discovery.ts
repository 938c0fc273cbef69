import type { DISCOVERY_ERRORS } from '../../../foundation/error-catalogue/discovery.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Der Blick ins Netz. */
export const DISCOVERY: Readonly<Record<keyof typeof DISCOVERY_ERRORS, ErrorText>> = {
  CAPTURE_FAILED: {
    message: 'Das Mithören von DHCP auf {interface} hat aufgehört: {detail}',
    remedy:
      'Es wird von selbst neu gestartet. Ohne tcpdump oder das Recht auf rohe Sockets wird DHCP nicht gesehen: usher doctor sagt, was fehlt.',
  },
  MATCHERS_INVALID: {
    message: 'Die Datei der Merkmale ist nicht gültig: {detail}',
    remedy: 'Berichtigen Sie discovery/matchers.yaml an der genannten Stelle.',
  },
};
