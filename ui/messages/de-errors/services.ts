import type { SERVICE_ERRORS } from '../../../foundation/error-catalogue/services.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Was auf den Nodes läuft: Sensordienste, ihre Geräte, Images und Rollen. */
export const SERVICES: Readonly<Record<keyof typeof SERVICE_ERRORS, ErrorText>> = {
  KUBELET_REFUSED: {
    message: 'Der kubelet hat die Ressource {resource} nicht angenommen: {detail}',
    remedy: 'Sie wird wieder angeboten, sobald der kubelet zurück ist. Auf dem Node sagt journalctl -u k3s-agent mehr.',
  },
  DEVICE_GONE: {
    message: 'Die Gerätedatei {path} ist nicht mehr da',
    remedy: 'Stecken Sie das Gerät wieder an: Der Dienst startet von selbst.',
  },
  GRANT_SOCKET_FAILED: {
    message: 'Der Grant-Socket {path} kann nicht gemacht werden: {detail}',
    remedy:
      'Es wird von selbst wieder versucht. Sehen Sie auf dem Node nach /run/usher: Es muss ein beschreibbarer Ordner des Hosts sein.',
  },
  FENCING_BLIND: {
    message:
      'Auf diesem Node ist kein Prozess des Pods {pod} des Dienstes {service} zu sehen, also kann er nicht angehalten werden',
    remedy: 'Der Standby braucht den PID-Namensraum des Hosts (hostPID). Bis dahin ist der Dienst hier nie aktiv.',
  },
  FENCING_STUCK: {
    message: 'Die Prozesse des Pods {pod} des Dienstes {service} enden nicht, wenn sie beendet werden',
    remedy:
      'Sie warten auf ein Gerät. Ziehen Sie es ab oder schalten Sie den Node aus; der andere Node übernimmt, wenn der Lease abgelaufen ist.',
  },
  GRANT_MISSING: {
    message: 'Dieser Dienst hat jetzt keinen Grant für die Einheit {unit}',
    remedy: 'Handeln Sie nur zwischen onGrant und onEnd; ein anderer Node könnte aktiv sein.',
  },
  SERVICE_UNKNOWN: {
    message: 'Es gibt keinen Sensordienst {service}',
    remedy: 'usher services zeigt alle, als NAMESPACE/NAME.',
  },
  SERVICE_UNIT_UNKNOWN: {
    message: 'Der Dienst {service} hat keine Einheit {unit}, die übergeben werden kann',
    remedy:
      'usher service NAMESPACE/NAME zeigt seine Einheiten. Wo alle Nodes zugleich aktiv sind, wird keine übergeben.',
  },
  SERVICE_NODE_NO_CANDIDATE: {
    message: 'Der Node {node} darf die Einheit {unit} nicht übernehmen',
    remedy: 'Wählen Sie aus {candidates}: Den anderen fehlen die Labels, oder sie gehören zu einem anderen Paar.',
  },
  SERVICE_NODE_NOT_READY: {
    message: 'Der Node {node} kann die Einheit {unit} nicht übernehmen: {why}',
    remedy: 'Beheben Sie das zuerst; bis dahin bleibt die Einheit, wo sie ist.',
  },
  SERVICE_ALREADY_ACTIVE: {
    message: 'Die Einheit {unit} ist schon auf dem Node {node} aktiv',
    remedy: 'Es gibt nichts zu übergeben.',
  },
  SERVICE_UNIT_ALONE: {
    message: 'Kein anderer Node darf die Einheit {unit} übernehmen',
    remedy:
      'Machen Sie in ihren Claims aus zwei Nodes ein Paar, oder geben Sie einem weiteren Node die Labels und setzen takeover: SimilarNode.',
  },
  SERVICE_UNIT_IDLE: {
    message: 'In der Einheit {unit} ist niemand aktiv, also kann sie niemand übergeben',
    remedy:
      'Ein Node, der bereit ist, übernimmt sie von selbst. Was sie daran hindert, sagt usher service NAMESPACE/NAME.',
  },
  TAKEOVER_NOT_NEEDED: {
    message: 'Die Einheit {unit} braucht Ihr Wort nicht, um übernommen zu werden',
    remedy:
      'Nur eine Einheit, die auf HoldLast steht und deren Inhaber verstummt ist, wartet darauf; jede andere wird übergeben.',
  },
  SERVICE_ENVIRONMENT_INVALID: {
    message: 'Die Umgebungsvariable {name} fehlt oder ist nicht zu verstehen',
    remedy:
      'Lassen Sie den Dienst als SensorService laufen: Usher setzt seine Umgebung. Um ihn von Hand zu versuchen, setzen Sie die Variable.',
  },
};
