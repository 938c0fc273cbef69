import type { CLAIM_ERRORS } from '../../../foundation/error-catalogue/claims.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Ansprüche, und woran sie gebunden werden. */
export const CLAIMS: Readonly<Record<keyof typeof CLAIM_ERRORS, ErrorText>> = {
  CLAIM_INVALID: {
    message: 'Der Anspruch ist nicht gültig: {detail}',
    remedy: 'Berichtigen Sie, was die Meldung nennt.',
  },
  CLAIM_EXISTS: {
    message: 'Einen Anspruch namens {name} gibt es schon',
    remedy: 'Wählen Sie einen anderen Namen, oder entfernen Sie den Anspruch mit usher unclaim {name}.',
  },
  CLAIM_UNKNOWN: {
    message: 'Einen Anspruch {name} gibt es nicht',
    remedy: 'usher claims listet sie auf.',
  },
  CLAIM_CONFLICT: {
    message: 'Anspruch {name} und Anspruch {other} passen auf dasselbe Gerät {device}',
    remedy: 'Löschen Sie einen der beiden, oder lassen Sie einen auf ein anderes Gerät passen.',
  },
  NODE_NAME_TAKEN: {
    message: 'Der Node-Name {nodeName} ist vergeben: {owner}',
    remedy: 'Wählen Sie einen anderen Namen, oder löschen Sie, was diesen hat: den Anspruch oder den Node.',
  },
  DEVICE_HAS_NODE: {
    message: 'Gerät {device} ist schon der Node {nodeName}',
    remedy:
      'Nehmen Sie diesen Namen in den Anspruch, oder löschen Sie erst den Node: Dann tritt das Gerät unter dem neuen Namen bei.',
  },
  REPLACEMENT_OFFERED: {
    message: 'Gerät {device} hat dieselbe Kennung ({identifier}) wie Gerät {joined}, das schon beigetreten ist',
    remedy:
      'Hat das Board eine neue Karte bekommen, so bestätigen Sie den Ersatz auf der Seite oder mit usher replace {joined} --with {device}; sonst weisen Sie dieses ab. Das beigetretene bleibt unberührt.',
  },
  REPLACE_UNCLAIMED: {
    message: 'Gerät {device} hat keinen Anspruch, den ein anderes übernehmen könnte',
    remedy: 'Beanspruchen Sie das neue Gerät unter dem Node-Namen, den es haben soll: usher claim.',
  },
};
