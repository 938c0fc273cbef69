import type { AGENT_ERRORS } from '../../../foundation/error-catalogue/agent.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Was dem Gerät selbst begegnet. */
export const AGENT: Readonly<Record<keyof typeof AGENT_ERRORS, ErrorText>> = {
  NO_APPLIANCE_FOUND: {
    message: 'Unter {tried} hat keine Appliance geantwortet',
    remedy: 'Prüfen Sie das Netzkabel und ob die Appliance läuft; das Gerät versucht es weiter.',
  },
  APPLIANCE_NOT_TRUSTED: {
    message: 'Die Appliance unter {url} ist nicht die, für welche diese Karte geschrieben wurde',
    remedy: 'Schreiben Sie die Karte neu, mit der Appliance dieses Standorts.',
  },
  APPLIANCE_UNPROVEN: {
    message: 'Die Appliance unter {url} hat nicht nachgewiesen, dass sie den Anspruchscode kennt: {detail}',
    remedy:
      'Vielleicht steht jemand zwischen Gerät und Appliance: Suchen Sie nach einer fremden Maschine im Netz. Geben Sie den Code danach noch einmal ein.',
  },
  APPLIANCE_REFUSED: {
    message: 'Die Appliance hat abgelehnt ({refusal}): {detail}',
    remedy: '{remedy}',
  },
  APPLIANCE_REPLY_INVALID: {
    message: 'Die Antwort der Appliance auf {what} ist nicht zu verstehen: {detail}',
    remedy:
      'Der Agent auf der Karte und die Appliance sprechen nicht dasselbe Protokoll: Schreiben Sie die Karte mit dieser Appliance neu.',
  },
  CARD_MISSING: {
    message: 'Auf der Boot-Partition gibt es keine usher.json',
    remedy:
      'Schreiben Sie die Karte mit der Appliance dieses Standorts, oder kopieren Sie eine usher.json auf ihre Boot-Partition.',
  },
  CARD_INVALID: {
    message: 'Die usher.json auf der Boot-Partition ist nicht gültig: {detail}',
    remedy: 'Schreiben Sie die Karte mit der Appliance neu.',
  },
  SCRUB_FAILED: {
    message: 'Das Enrol-Token konnte nicht aus {path} gelöscht werden: {detail}',
    remedy:
      'Es wird von selbst wieder versucht. Hält es an, machen Sie die Boot-Partition beschreibbar, oder löschen Sie die Datei von Hand.',
  },
  K3S_AGENT_DOWN: {
    message: 'k3s-agent bleibt auf dem Gerät nicht am Laufen',
    remedy: 'Es wird von selbst neu gestartet. Auf dem Gerät sagt journalctl -u k3s-agent, warum es endet.',
  },
  DISK_FULL: {
    message: 'Für {what} ist auf {path} kein Platz',
    remedy: 'Nehmen Sie eine größere Karte, oder machen Sie Platz frei.',
  },
  UNDERVOLTAGE: {
    message: 'Das Board hatte seit dem Einschalten zu wenig Spannung',
    remedy:
      'Nehmen Sie das Netzteil, das für dieses Board gemacht ist, ein kürzeres oder dickeres Kabel, oder ziehen Sie USB-Geräte ab.',
  },
  THROTTLED: {
    message: 'Das Board hat sich seit dem Einschalten selbst gedrosselt',
    remedy: 'Geben Sie ihm einen Kühlkörper, einen Lüfter oder einen kühleren Platz.',
  },
  CARD_WORN: {
    message: 'Die Karte des Geräts ist fast verschlissen',
    remedy:
      'Ersetzen Sie sie, bevor sie ausfällt: Schreiben Sie eine neue für das Board und bestätigen Sie den Ersatz.',
  },
  CARD_ERRORS: {
    message: 'Die Karte des Geräts versagt: {detail}',
    remedy: 'Ersetzen Sie die Karte: Schreiben Sie eine neue für das Board und bestätigen Sie den Ersatz.',
  },
  DISK_NEARLY_FULL: {
    message: 'Weniger als ein Zehntel der Karte des Geräts ist frei',
    remedy:
      'Machen Sie Platz frei, oder nehmen Sie eine größere Karte: Kubernetes hält Pods auf einem Node an, dessen Platte voll ist.',
  },
  ARTIFACT_HASH_MISMATCH: {
    message: 'Die Datei {name} kam mit SHA-256 {actual} an, erwartet war {expected}; sie wurde entfernt',
    remedy: 'Sie wird von selbst wieder geholt. Geschieht es noch einmal, prüfen Sie Kabel und Karte.',
  },
  K3S_OF_OTHER_ARCHITECTURE: {
    message: 'Das k3s, das die Appliance anbietet, ist für {actual}; das Gerät ist {arch}',
    remedy: 'Geben Sie der Appliance die richtige Datei mit --k3s-for {arch}=PATH; das Gerät holt sie von selbst.',
  },
  ARCHITECTURE_UNSUPPORTED: {
    message: 'Die Appliance hat kein k3s für {arch}',
    remedy: 'Geben Sie der Appliance ein k3s für diese Architektur mit --k3s-for {arch}=PATH.',
  },
};
