import type { JOIN_ERRORS } from '../../../foundation/error-catalogue/join.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Vom Ticket zum Node mit Labels. */
export const JOIN: Readonly<Record<keyof typeof JOIN_ERRORS, ErrorText>> = {
  TICKET_TIMED_OUT: {
    message: 'Das Ticket konnte nicht binnen {limitSec} s gemacht werden',
    remedy: 'Ein neues wird von selbst gemacht. Geschieht es wieder, sehen Sie nach, ob die Kubernetes-API antwortet.',
  },
  TICKET_FAILED: {
    message: 'Das Ticket konnte nicht gemacht werden: {detail}',
    remedy: 'Was davon gemacht war, ist zurückgenommen; ein neues wird von selbst versucht.',
  },
  NODE_PASSWORD_FOREIGN: {
    message: 'Für {nodeName} gibt es ein Node-Passwort, das nicht von Usher stammt',
    remedy:
      'Vielleicht ist ein Beitrittstoken in fremde Hände gelangt. Benutzen Sie diesen Namen nicht mehr; sehen Sie im Audit-Log von Kubernetes nach, wer das Secret {secret} gemacht hat.',
  },
  NODE_PASSWORD_UNEXPECTED: {
    message:
      'Jemand hat unter dem Namen {nodeName} ein Beitrittstoken benutzt, für das Usher kein Ticket ausgegeben hat',
    remedy:
      'Vielleicht ist ein Beitrittstoken in fremde Hände gelangt. Der Node wurde abgewiesen, und der Name {nodeName} ist stillgelegt. Sehen Sie im Audit-Log von Kubernetes nach, wer das Secret kube-system/{secret} gemacht hat, sperren Sie die Geräte, die etwa zu dieser Zeit beigetreten sind, und erneuern Sie die CA des Clusters, wenn einem davon nicht zu trauen ist. Haben Sie diese Maschine von Hand aufgenommen, so tragen Sie ihren Namen vorher in die ConfigMap usher-system/approved-nodes ein.',
  },
  NODE_NOT_SEEN: {
    message: 'Binnen {limitSec} s nach dem Ticket ist kein Node {nodeName} erschienen',
    remedy:
      'Ein neues Ticket wird von selbst versucht. Auf dem Gerät sagt journalctl -u k3s-agent, warum k3s nicht startet.',
  },
  NODE_LABELS_FAILED: {
    message: 'Die Labels des Nodes {nodeName} konnten nicht gesetzt werden: {detail}',
    remedy: 'Es wird von selbst wieder versucht. Vielleicht gehört eines der Labels einem anderen Manager.',
  },
  NODE_GONE: {
    message: 'Der Node {nodeName} wurde gelöscht',
    remedy:
      'Das Gerät tritt bei seinem nächsten Melden von selbst wieder bei; soll es das nicht, löschen Sie den Anspruch.',
  },
  NODE_DRAINING: {
    message: 'Erst muss der Node eines anderen Geräts gehen: {detail}',
    remedy:
      'Nichts zu tun: Seine Pods ziehen binnen einer Minute um, dann wird der Node gelöscht, und der Beitritt geht von selbst weiter.',
  },
  TOO_MANY_ATTEMPTS: {
    message: 'Das Gerät ist an einem Tag {attempts}-mal am Beitritt gescheitert',
    remedy:
      'Beheben Sie, was der letzte Fehler nannte, und drücken Sie dann „Jetzt versuchen“, oder rufen Sie usher device retry auf.',
  },
  HARDWARE_CHANGED: {
    message: 'Der Schlüssel dieses Geräts kam auf anderer Hardware wieder: Seriennummer {actual} statt {expected}',
    remedy:
      'Jemand hat die Karte umgesteckt oder kopiert. Waren Sie das, drücken Sie „Noch einmal“, oder rufen Sie usher device retry auf; sonst sperren Sie das Gerät.',
  },
  STATE_UNKNOWN: {
    message: 'Den festgehaltenen Stand {state} kennt diese Version nicht',
    remedy: 'Das Gerät beginnt von selbst von vorn. Vielleicht stammt der Stand von einer neueren Appliance.',
  },
  DEVICE_REPORTED: {
    message: 'Das Gerät meldet: {detail}',
    remedy: 'Die Einzelheit ist, was das Gerät gesehen hat; es versucht es von selbst wieder.',
  },
};
