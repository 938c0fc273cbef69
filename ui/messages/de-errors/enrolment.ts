import type { ENROLMENT_ERRORS } from '../../../foundation/error-catalogue/enrolment.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Die Geräte-API: Schlüssel, Nachweis, Zulassung. */
export const ENROLMENT: Readonly<Record<keyof typeof ENROLMENT_ERRORS, ErrorText>> = {
  HELLO_INVALID: {
    message: 'Das Hello ist nicht gültig: {detail}',
    remedy:
      'Der Agent auf der Karte und die Appliance sprechen nicht dasselbe Protokoll: Schreiben Sie die Karte mit dieser Appliance neu.',
  },
  DEVICE_KEY_UNSUITABLE: {
    message: 'Die Verbindung zeigt keinen P-256-Schlüssel',
    remedy:
      'Geräte weisen sich durch ein TLS-Client-Zertifikat mit einem P-256-Schlüssel aus; der Agent macht ihn beim ersten Start.',
  },
  DEVICE_ID_MISMATCH: {
    message: 'Das Hello nennt Gerät {claimed}, aber der Schlüssel ist der von {actual}',
    remedy: 'Entfernen Sie die Schlüsseldatei auf dem Gerät, damit der Agent eine neue macht.',
  },
  TOKEN_UNKNOWN: {
    message: 'Das Enrol-Token {tokenId} ist hier nicht bekannt',
    remedy:
      'Die Karte wurde für einen anderen Standort geschrieben, oder das Token wurde gesperrt: Schreiben Sie die Karte neu.',
  },
  TOKEN_USED: {
    message: 'Das Enrol-Token {tokenId} wurde schon von einem anderen Gerät benutzt: {usedBy}',
    remedy:
      'Vergleichen Sie beide Geräte auf der Seite. Tritt dieses an die Stelle des anderen, so bestätigen Sie das dort oder mit usher replace; ist das andere fremd, weisen Sie es ab und schreiben Sie eine neue Karte; sonst legen Sie diese Karte weg.',
  },
  TOKEN_EXPIRED: {
    message: 'Das Enrol-Token {tokenId} ist abgelaufen: {expiredAt}',
    remedy: 'Machen Sie ein neues Token und schreiben Sie die Karte neu.',
  },
  TOKEN_REVOKED: {
    message: 'Das Enrol-Token {tokenId} wurde gesperrt',
    remedy: 'Machen Sie ein neues Token und schreiben Sie die Karte neu.',
  },
  EVIDENCE_UNSUPPORTED: {
    message: 'Nachweise der Art {kind} werden nicht angenommen',
    remedy: 'Schreiben Sie die Karte mit dieser Appliance neu.',
  },
  RATE_LIMITED: {
    message: 'Zu viele Anfragen',
    remedy: 'Warten Sie {retryAfterSec} Sekunden und versuchen Sie es noch einmal.',
  },
  NOT_APPROVED: {
    message: 'Dieses Gerät ist nicht zugelassen',
    remedy: 'Beanspruchen Sie es: auf der Seite, mit usher claim oder mit einem DeviceClaim.',
  },
  ENROL_BUSY: {
    message: 'Es melden sich mehr Geräte, als auf einmal aufgenommen werden können',
    remedy: 'Nichts zu tun: Das Gerät fragt in {retryAfterSec} Sekunden von selbst wieder.',
  },
  QUEUE_FULL: {
    message: 'Alle Plätze für beitretende Geräte sind besetzt',
    remedy: 'Nichts zu tun: Das Gerät fragt von selbst wieder und bekommt den nächsten freien Platz.',
  },
  DEVICE_REJECTED: {
    message: 'Jemand hat dieses Gerät abgewiesen',
    remedy: 'Nehmen Sie es auf der Seite oder mit usher device reconsider zurück.',
  },
  DEVICE_REVOKED: {
    message: 'Dieses Gerät wurde gesperrt',
    remedy:
      'Ein gesperrtes Gerät tritt nicht wieder bei. Schreiben Sie dem Board eine neue Karte, oder nehmen Sie es auf der Seite zurück.',
  },
  DEVICE_REPLACED: {
    message: 'Dieses Gerät wurde ersetzt: {by}',
    remedy:
      'Legen Sie das Board weg. Um es wieder zu benutzen, nehmen Sie seine Id aus replaces im Anspruch des Nachfolgers und drücken „Zurückholen“, oder rufen Sie usher device retry auf.',
  },
  DEVICE_UNKNOWN: {
    message: 'Kein Gerät passt zu {id}',
    remedy: 'usher devices listet sie auf; eine Id darf gekürzt sein, solange sie eindeutig ist.',
  },
  DEVICE_AMBIGUOUS: {
    message: '{id} passt auf mehrere Geräte: {matches}',
    remedy: 'Geben Sie mehr Zeichen der Id an.',
  },
  EVIDENCE_MISSING: {
    message: 'Gerät {id} hat nichts gezeigt, was es an diesen Standort bindet',
    remedy:
      'Schreiben Sie seine Karte mit dieser Appliance (dann trägt sie ein Token), oder nehmen Sie den Fingerabdruck seines Schlüssels in den Anspruch.',
  },
  CLAIM_CODE_INVALID: {
    message: 'Das ist kein Anspruchscode: {detail}',
    remedy:
      'Scannen Sie den QR-Code auf dem Bildschirm des Geräts, oder tippen Sie, was darunter steht, zum Beispiel K4T7M2-K7QF-2M9X-TR4C-8WHD.',
  },
  CLAIM_CODE_AWAITED: {
    message: 'Gerät {id} wartet auf seinen Anspruchscode',
    remedy:
      'Scannen Sie den QR-Code auf seinem Bildschirm oder Etikett, oder geben Sie den Code ein, der dort steht: auf der Seite oder mit usher code.',
  },
  CLAIM_CODE_WRONG: {
    message: 'Der eingegebene Anspruchscode ist nicht der von Gerät {id}',
    remedy:
      'Geben Sie ihn noch einmal ein, so wie ihn das Gerät jetzt zeigt: Der Code auf einem Bildschirm wechselt alle zehn Minuten.',
  },
  CLAIM_CODE_LOCKED: {
    message: 'Der Anspruchscode von Gerät {id} wurde zu oft versucht',
    remedy:
      'Geben Sie den nächsten Code ein, den sein Bildschirm zeigt. Ein Code auf einem Etikett kann nach {waitMin} Minuten wieder versucht werden.',
  },
  CLAIM_CODE_NONE: {
    message: 'Für Gerät {id} wurde kein Anspruchscode eingegeben',
    remedy: 'Geben Sie ihn auf der Seite oder mit usher code ein; er wird fünfzehn Minuten behalten.',
  },
  CLAIM_CODE_USED: {
    message: 'Dieser Anspruchscode wurde schon benutzt, von Gerät {usedBy}',
    remedy:
      'Ein Code gilt für ein Gerät, und einmal. Ist das genannte Gerät keines von Ihren, so sperren Sie es; geben Sie dem anderen Board eine neue Karte.',
  },
  CLAIM_CODE_RELAYED: {
    message: 'Die Verschlüsselung von Gerät {id} endet nicht bei der Appliance: Jemand steht dazwischen',
    remedy:
      'Suchen Sie nach einer fremden Maschine im Netz, zum Beispiel einer, die auf Port 7443 antwortet, und geben Sie keinen Code ein, bis sie weg ist.',
  },
  CLAIM_PROOF_INVALID: {
    message: 'Der Nachweis des Anspruchscodes kann nicht angenommen werden: {detail}',
    remedy: 'Das Gerät versucht es von selbst wieder. Hält es an, schreiben Sie seine Karte mit dieser Appliance neu.',
  },
  SERIAL_CONFLICT: {
    message: 'Mehrere Geräte mit gültigem Nachweis nennen {identifier}: {devices}',
    remedy:
      'Sehen Sie nach, welches Board das echte ist, und beanspruchen Sie es nach seiner Geräte-Id; weisen Sie das andere ab.',
  },
  ENROL_CA_INVALID: {
    message: 'Die Enrol-CA im Secret usher-system/enrolment-ca ist nicht zu gebrauchen: {detail}',
    remedy:
      'Stellen Sie das Secret aus einer Sicherung wieder her: Jede Karte vertraut nur dieser CA. Wird es gelöscht, entsteht eine neue CA, und jede Karte muss neu geschrieben werden.',
  },
  ARTIFACT_UNKNOWN: {
    message: 'Eine Datei {sha256} gibt es hier nicht',
    remedy: 'Das Gerät fragt von selbst noch einmal nach der Liste der Dateien.',
  },
  RANGE_UNSATISFIABLE: {
    message: 'Der verlangte Teil der Datei liegt hinter ihrem Ende',
    remedy:
      'Das Gerät hat die ganze Datei, oder eine andere dieses Namens: Es prüft den Hash und beginnt von vorn, wenn er nicht stimmt.',
  },
};
