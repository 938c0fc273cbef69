import type { KUBERNETES_ERRORS } from '../../../foundation/error-catalogue/kubernetes.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Was die Kubernetes-API antwortet. */
export const KUBERNETES: Readonly<Record<keyof typeof KUBERNETES_ERRORS, ErrorText>> = {
  KUBE_NOT_FOUND: {
    message: '{kind} {name} gibt es nicht',
    remedy: 'Prüfen Sie den Namen; vielleicht wurde es inzwischen gelöscht.',
  },
  KUBE_ALREADY_EXISTS: {
    message: '{kind} {name} gibt es schon',
    remedy: 'Wählen Sie einen anderen Namen, oder ändern Sie, was es schon gibt.',
  },
  KUBE_CONFLICT: {
    message: '{kind} {name} wurde inzwischen von jemand anderem geändert',
    remedy: 'Lesen Sie es neu und wiederholen Sie die Änderung.',
  },
  KUBE_INVALID: {
    message: 'Kubernetes hat {kind} {name} abgelehnt: {detail}',
    remedy: 'Berichtigen Sie das Feld, das die Meldung nennt.',
  },
  KUBE_FORBIDDEN: {
    message: 'Kubernetes erlaubt das für {kind} {name} nicht: {detail}',
    remedy: 'Eine Rolle oder eine Admission Policy verbietet es; die Einzelheit nennt sie.',
  },
  KUBE_UNREACHABLE: {
    message: 'Die Kubernetes-API ist nicht zu erreichen: {detail}',
    remedy: 'Es wird von selbst wieder versucht; hält es an, sehen Sie in k3s.log im Zustandsordner nach.',
  },
  KUBE_FAILED: {
    message: 'Kubernetes hat für {kind} {name} mit {status} geantwortet: {detail}',
    remedy: 'Die Einzelheit stammt von Kubernetes selbst.',
  },
};
