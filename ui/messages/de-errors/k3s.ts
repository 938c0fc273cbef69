import type { K3S_ERRORS } from '../../../foundation/error-catalogue/k3s.ts';
import type { ErrorText } from '../phrase-book.ts';

/** k3s finden, holen und betreiben. */
export const K3S: Readonly<Record<keyof typeof K3S_ERRORS, ErrorText>> = {
  K3S_DOWNLOAD_FAILED: {
    message: 'k3s konnte nicht von {url} geladen werden: {detail}',
    remedy:
      'Prüfen Sie den Weg zum Server, nennen Sie mit --k3s-mirror einen Spiegel, oder geben Sie eine Datei mit --k3s PATH.',
  },
  K3S_HASH_MISMATCH: {
    message: 'Die Datei von {url} hat SHA-256 {actual}, erwartet war {expected}; sie wurde entfernt',
    remedy:
      'Der Spiegel hat eine andere Datei, oder jemand hat sie unterwegs verändert. Vergleichen Sie mit der Seite der Veröffentlichung, bevor Sie es wieder versuchen.',
  },
  K3S_NOT_EXECUTABLE: {
    message: '{path} ist kein k3s, das hier läuft: {detail}',
    remedy: 'Geben Sie das k3s für diese Architektur mit --k3s PATH.',
  },
  K3S_EXITED: {
    message: 'k3s endete mit {detail}',
    remedy: 'Es wird von selbst neu gestartet. Seine letzten Zeilen stehen im Log, alle in k3s.log im Zustandsordner.',
  },
  K3S_NOT_READY: {
    message: 'Die Kubernetes-API hat nicht binnen {limitMs} ms geantwortet',
    remedy: 'Sehen Sie in k3s.log im Zustandsordner nach; usher doctor prüft, was k3s braucht.',
  },
};
