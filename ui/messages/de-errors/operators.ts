import type { OPERATOR_ERRORS } from '../../../foundation/error-catalogue/operators.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Seite, API und Kommandozeile. */
export const OPERATORS: Readonly<Record<keyof typeof OPERATOR_ERRORS, ErrorText>> = {
  SIGN_IN_NEEDED: {
    message: 'Melden Sie sich erst an',
    remedy: 'Öffnen Sie die Seite und geben Sie den Code ein, den usher sign-in-code auf der Appliance ausgibt.',
  },
  SIGN_IN_FAILED: {
    message: 'Der Code ist falsch, verbraucht oder zu alt',
    remedy: 'Einen neuen gibt usher sign-in-code auf der Appliance.',
  },
  HOST_NOT_ALLOWED: {
    message: 'Der Name {host} ist keiner dieser Appliance',
    remedy: 'Nehmen Sie eine ihrer Adressen, oder erlauben Sie den Namen mit --allow-host.',
  },
  ORIGIN_NOT_ALLOWED: {
    message: 'Anfragen von {origin} werden nicht angenommen',
    remedy: 'Öffnen Sie die Seite der Appliance selbst.',
  },
  REQUEST_INVALID: {
    message: 'Die Anfrage ist nicht gültig: {detail}',
    remedy: 'Berichtigen Sie, was die Meldung nennt; /api/v1/openapi.json beschreibt jede Anfrage.',
  },
  REQUEST_TOO_LARGE: {
    message: 'Die Anfrage ist größer als {limitBytes} Bytes',
    remedy: 'Schicken Sie weniger auf einmal.',
  },
  ROUTE_UNKNOWN: {
    message: 'Unter {path} gibt es nichts',
    remedy: '/api/v1/openapi.json nennt jeden Pfad.',
  },
  CSRF_TOKEN_INVALID: {
    message: 'Die Anfrage trägt keinen gültigen Kopf X-Usher-CSRF',
    remedy: 'Laden Sie die Seite neu und versuchen Sie es noch einmal.',
  },
  API_TOKEN_NEEDED: {
    message: 'Eine angemeldete Seite darf das nicht',
    remedy: 'Rufen Sie usher sign-in-code auf der Appliance auf.',
  },
  DEVICE_WITHOUT_KEY: {
    message: 'Von {id} gibt es nur Hinweise; es hat keinen Schlüssel gezeigt, den man sich merken könnte',
    remedy:
      'Warten Sie, bis sein Agent sich gemeldet hat. Nach seiner MAC-Adresse können Sie es schon jetzt beanspruchen oder ignorieren.',
  },
  IGNORED_MACS_FULL: {
    message: 'Es werden schon {most} MAC-Adressen ignoriert; mehr kann sich die Appliance nicht merken',
    remedy:
      'Nehmen Sie erst einige davon zurück: Die Einstellungen der Seite listen sie auf, und usher device reconsider mac:… tut es. Wenn sie von selbst kommen, suchen Sie den Port am Switch, von dem sie kommen.',
  },
  DEVICE_CLAIMED: {
    message: 'Gerät {id} ist schon beansprucht, durch {claim}',
    remedy: 'Ändern Sie diesen Anspruch, oder entfernen Sie ihn mit usher unclaim {claim}.',
  },
  IDENTIFY_RUNNING: {
    message: 'Gerät {id} zeigt sich schon: {words}',
    remedy: 'Sehen Sie nach diesem, oder fragen Sie wieder, wenn es vorbei ist.',
  },
  IDENTIFY_UNHEARD: {
    message: 'Gerät {id} sollte sich zeigen, aber nichts davon antwortet',
    remedy: 'Sehen Sie nach, ob es Strom und Netz hat. Eines, das gerade beitritt, hört danach wieder.',
  },
  ALARM_UNKNOWN: {
    message: 'Einen Alarm {id} gibt es nicht',
    remedy: 'usher alarms listet sie auf; vielleicht hat schon jemand diesen bestätigt.',
  },
  PAGE_NOT_BUILT: {
    message: 'Die Seite wurde nicht gebaut',
    remedy: 'Rufen Sie npm run build auf; die Kommandozeile geht auch ohne.',
  },
  PAGE_CERTIFICATE_FAILED: {
    message: 'Das Zertifikat der Seite konnte nicht gemacht werden: {detail}',
    remedy:
      'Sehen Sie nach, ob in den Zustandsordner geschrieben werden kann; entfernen Sie darin den Ordner page, um mit einer neuen Autorität zu beginnen.',
  },
  PAGE_NAME_NOT_COVERED: {
    message: 'Die eigene Autorität des Standorts darf für {names} nicht unterschreiben: Browser warnen dort',
    remedy:
      'Geben Sie ein Zertifikat für diese Namen mit --tls-cert und --tls-key, oder öffnen Sie die Seite über einen privaten Namen oder eine private Adresse.',
  },
  PAGE_TLS_INVALID: {
    message: 'Das Zertifikat von --tls-cert und --tls-key ist nicht zu gebrauchen: {detail}',
    remedy:
      'Geben Sie eine PEM-Datei mit dem Zertifikat und denen, die es ausgestellt haben, in dieser Reihenfolge, und seinen unverschlüsselten Schlüssel.',
  },
  PAGE_TLS_EXPIRED: {
    message: 'Das Zertifikat von --tls-cert ({subject}) gilt nur von {notBefore} bis {notAfter}',
    remedy:
      'Erneuern Sie es und schreiben Sie es in dieselben Dateien: Sie werden von selbst neu gelesen. Sehen Sie auch nach der Uhr.',
  },
  ACME_DIRECTORY_AWAY: {
    message: 'Der ACME-Server {url} antwortet nicht: {detail}',
    remedy:
      'Sehen Sie nach, ob er läuft und von dieser Maschine aus zu erreichen ist. Wird seinem Zertifikat nicht geglaubt, geben Sie die Autorität mit --acme-ca. Er wird von selbst wieder gefragt; bis dahin dient das vorhandene Zertifikat.',
  },
  ACME_CHALLENGE_REFUSED: {
    message: 'Der ACME-Server konnte sich nicht davon überzeugen, dass {name} diese Appliance ist: {detail}',
    remedy:
      'Sehen Sie nach, ob der ACME-Server diesen Namen zu dieser Maschine auflöst und ihren Port 80 erreicht (http-01); meist liegt es an einer Firewall oder einem Namen ohne Adresse. Es wird von selbst wieder versucht.',
  },
  ACME_PORT_TAKEN: {
    message: 'Port {port} ist nicht frei, um dem ACME-Server zu antworten: {detail}',
    remedy:
      'Machen Sie den Port frei, oder leiten Sie Port 80 auf einen anderen um und nennen Sie diesen mit --acme-port. Es wird von selbst wieder versucht.',
  },
  ACME_LIMITED: {
    message: 'Der ACME-Server {url} will vor {until} keinen Auftrag: {detail}',
    remedy: 'Nichts zu tun: Dann wird er wieder gefragt. Die Grenzen sind am ACME-Server eingestellt.',
  },
  ACME_REFUSED: {
    message: 'Der ACME-Server {url} hat kein Zertifikat ausgestellt: {detail}',
    remedy:
      'Sehen Sie ins Log des ACME-Servers: Seine Regeln müssen die Namen von --page-host erlauben. Es wird von selbst wieder versucht.',
  },
  PRECONDITION_FAILED: {
    message: '{what} hat sich geändert, seit Sie es gesehen haben',
    remedy: 'Sehen Sie es sich an, wie es jetzt ist, und entscheiden Sie neu.',
  },
  PRECONDITION_NEEDED: {
    message: 'Sagen Sie in If-Match, welchen Stand von {what} Sie gesehen haben',
    remedy:
      'Lesen Sie es erst und schicken Sie das ETag der Antwort; ein Browser darf nicht über etwas entscheiden, das er nicht gesehen hat.',
  },
  USAGE: {
    message: '{detail}',
    remedy: 'Rufen Sie den Befehl mit --help auf.',
  },
  APPLIANCE_UNREACHABLE: {
    message: 'Unter {url} antwortet keine Appliance: {detail}',
    remedy: 'Starten Sie sie mit npm start, oder nennen Sie eine andere mit --server.',
  },
  APPLIANCE_NOT_FOUND: {
    message: 'Auf dieser Maschine wurde keine Appliance gestartet',
    remedy:
      'Starten Sie eine mit npm start (oder npm start -- --lab 3), oder nennen Sie eine mit --server und --token-file.',
  },
};
