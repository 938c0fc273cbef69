import type { PEOPLE_ERRORS } from '../../../foundation/error-catalogue/people.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Benutzer und Programme: wer sie sind und was sie dürfen. */
export const PEOPLE: Readonly<Record<keyof typeof PEOPLE_ERRORS, ErrorText>> = {
  ROLE_NEEDED: {
    message: 'Das braucht die Rolle {role}; Ihre ist {yours}',
    remedy: 'Bitten Sie einen Verwalter dieser Appliance, es zu tun, oder um diese Rolle.',
  },
  ROLE_NEEDED_TO_REPLACE: {
    message:
      'Die Platine {device} läuft als Knoten {nodeName}: Ihren Platz weggeben darf nur die Rolle admin; Ihre ist {yours}',
    remedy:
      'Schalten Sie die alte Platine aus und wiederholen Sie es, wenn ihr Knoten nicht mehr Ready ist, oder bitten Sie einen Verwalter. Eine Platine in falschen Händen wird stattdessen gesperrt.',
  },
  FRESH_SIGN_IN_NEEDED: {
    message: 'Das braucht eine Anmeldung der letzten {minutes} Minuten',
    remedy: 'Melden Sie sich auf dieser Seite noch einmal an und wiederholen Sie es.',
  },
  PERSON_NEEDED: {
    message: 'Ein Programm mit einem API-Token darf das nicht',
    remedy: 'Tun Sie es auf der Seite, oder mit usher auf der Appliance.',
  },
  PASSWORD_REFUSED: {
    message: 'Name oder Passwort ist falsch',
    remedy: 'Versuchen Sie es noch einmal; ein Verwalter kann mit usher users passwd ein neues Passwort setzen.',
  },
  SIGN_IN_LIMITED: {
    message: 'Zu viele Anmeldungen sind gescheitert; der nächste Versuch zählt in {minutes} min',
    remedy:
      'Warten Sie, oder melden Sie sich mit einem Passkey oder mit einem Einmalcode an, den usher sign-in-code auf der Appliance ausgibt; wird auch der abgelehnt, muss diese Adresse warten, höchstens eine Stunde: Nehmen Sie eine andere.',
  },
  PASSWORD_UNSUITABLE: {
    message: 'Das kann kein Passwort sein: {detail}',
    remedy:
      'Wählen Sie ein anderes; mehrere Wörter, die nicht zusammengehören, sind leicht zu tippen und schwer zu erraten.',
  },
  USER_UNKNOWN: {
    message: 'Einen Benutzer {name} gibt es nicht',
    remedy: 'usher users listet sie auf.',
  },
  USER_EXISTS: {
    message: 'Einen Benutzer {name} gibt es schon',
    remedy:
      'Wählen Sie einen anderen Namen, oder ändern Sie diesen Benutzer mit usher users role oder usher users passwd.',
  },
  USER_NAME_RESERVED: {
    message: 'Ein Benutzer kann nicht {name} heißen',
    remedy: 'Wählen Sie einen anderen Namen: Das Protokoll benutzt diesen für etwas anderes.',
  },
  LAST_ADMIN: {
    message: '{name} ist der einzige Verwalter',
    remedy: 'Machen Sie erst einen anderen Benutzer zum Verwalter.',
  },
  OWN_USER_NEEDED: {
    message: 'Sie sind nicht als Benutzer dieser Appliance angemeldet',
    remedy:
      'Melden Sie sich mit Name und Passwort an; wer mit dem Einmalcode oder über die Organisation kam, hat beides nicht.',
  },
  SESSION_UNKNOWN: {
    message: 'Eine solche Sitzung gibt es nicht',
    remedy: 'Sie ist schon zu Ende; usher sessions nennt die, die es nicht sind.',
  },
  PASSKEY_NEEDS_NAME: {
    message: 'Passkeys brauchen eine Seite, die über einen Namen geöffnet wurde, nicht über die Adresse {host}',
    remedy:
      'Öffnen Sie die Seite als https://usher.local:8443, mit einem Zertifikat, dem der Browser vertraut (/trust sagt, wie).',
  },
  PASSKEY_REFUSED: {
    message: 'Der Passkey wurde nicht angenommen: {detail}',
    remedy: 'Versuchen Sie es noch einmal, oder melden Sie sich mit Name und Passwort an.',
  },
  PASSKEY_UNKNOWN: {
    message: 'Sie haben keinen Passkey {id}',
    remedy: 'GET /api/v1/passkeys listet sie auf.',
  },
  API_TOKEN_UNKNOWN: {
    message: 'Ein API-Token {id} gibt es nicht',
    remedy: 'usher api-tokens listet sie auf.',
  },
  OIDC_NOT_SET_UP: {
    message: 'Diese Appliance kennt keinen anderen Ort für die Anmeldung',
    remedy: 'Starten Sie sie mit --oidc-config, oder melden Sie sich mit Name und Passwort an.',
  },
  OIDC_FAILED: {
    message: 'Die Anmeldung über {issuer} ist gescheitert: {detail}',
    remedy:
      'Versuchen Sie es noch einmal; bleibt es so, sehen Sie ins Log und melden Sie sich mit Name und Passwort oder mit usher sign-in-code an.',
  },
  OIDC_ROLE_MISSING: {
    message: '{name} hat keine Rolle auf dieser Appliance',
    remedy: 'Nehmen Sie den Benutzer in eine der Gruppen auf, welche die Datei von --oidc-config nennt.',
  },
  AUDIT_NOT_WRITTEN: {
    message: 'Das Protokoll kann nicht geschrieben werden: {detail}',
    remedy:
      'Machen Sie Platz auf der Platte des Zustandsordners. Bis dahin bekommt durch die Seite niemand mehr Rechte; was noch fehlt, wartet im Speicher.',
  },
  AUDIT_NOT_INTACT: {
    message: 'Das Protokoll ist nicht, wie es geschrieben wurde: {detail}',
    remedy:
      'Lassen Sie die Dateien, wie sie sind, vergleichen Sie sie mit einer Kopie, und finden Sie heraus, wer in den Zustandsordner schreiben konnte.',
  },
};
