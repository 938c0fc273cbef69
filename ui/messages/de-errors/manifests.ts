import type { MANIFEST_ERRORS } from '../../../foundation/error-catalogue/manifests.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Dateien von Ansprüchen, und Regeln, die von selbst beanspruchen. */
export const MANIFESTS: Readonly<Record<keyof typeof MANIFEST_ERRORS, ErrorText>> = {
  MANIFEST_TOO_LARGE: {
    message: 'Die Datei ist zu groß: {detail}',
    remedy: 'Teilen Sie sie und importieren Sie die Teile nacheinander.',
  },
  MANIFEST_MALFORMED: {
    message: 'Zeile {line}, Spalte {column}: {detail}',
    remedy:
      'Berichtigen Sie diese Stelle, oder speichern Sie die Datei neu als CSV (UTF-8) oder YAML, und wiederholen Sie die Vorschau.',
  },
  MANIFEST_COLUMN_UNKNOWN: {
    message: 'Zeile {line}, Spalte {column}: Eine Spalte {name} gibt es nicht',
    remedy: '{hint}docs/manifests.md nennt die Spalten; eine, die niemand lesen soll, kann gelöscht werden.',
  },
  MANIFEST_FIELD_UNKNOWN: {
    message: 'Ein DeviceClaim hat kein Feld {field}',
    remedy: '{hint}kubectl explain deviceclaim.spec nennt die Felder.',
  },
  MANIFEST_KIND_UNKNOWN: {
    message: '{kind} ist kein DeviceClaim von usher.internal/v1alpha1',
    remedy: 'Hier werden nur DeviceClaims und Listen davon importiert; wenden Sie den Rest mit kubectl an.',
  },
  MANIFEST_TWICE: {
    message: 'Auch Zeile {line} der Datei hat das: {what}',
    remedy: 'Behalten Sie die richtige Zeile und löschen Sie die andere.',
  },
  IDENTITY_CLAIMED: {
    message: 'Das Gerät mit {identity} ist schon beansprucht, durch {claim}',
    remedy:
      'Ändern Sie diesen Anspruch (usher claim edit {claim}), oder entfernen Sie ihn erst (usher unclaim {claim}).',
  },
  CLAIM_MATCHES_ANOTHER: {
    message: 'Den Anspruch {name} gibt es schon, für {match}',
    remedy:
      'Wählen Sie einen anderen Namen; soll dieser Anspruch für ein anderes Board sein, entfernen Sie ihn erst: usher unclaim {name}.',
  },
  CLAIM_FIELD_IMMUTABLE: {
    message: '{field} des Anspruchs {name} ist {from} und kann nicht {to} werden',
    remedy: 'Lassen Sie es, wie es ist, oder entfernen Sie den Anspruch erst: usher unclaim {name}.',
  },
  MANIFEST_OUTDATED: {
    message: 'Die Datei oder der Standort ist nicht mehr, wie es die Vorschau zeigte',
    remedy: 'Wiederholen Sie die Vorschau, sehen Sie nach, was sich geändert hat, und importieren Sie dann.',
  },
  MANIFEST_HAS_FAULTS: {
    message: 'Zeilen, die nicht importiert werden können: {count}. Die erste ist Zeile {line}: {detail}',
    remedy: 'Berichtigen Sie sie, oder importieren Sie nur die guten Zeilen (--take good).',
  },
  MANIFEST_REFUSED: {
    message: 'Zeile {line} ({name}) wurde abgelehnt, und nichts wurde importiert: {detail}',
    remedy: 'Berichtigen Sie diese Zeile, oder importieren Sie nur die guten Zeilen (--take good).',
  },
  MANIFEST_UNDONE: {
    message:
      'Zeile {line} ({name}) ist gescheitert: {detail}. Was zuvor geschrieben wurde ({count}), ist wieder, wie es war',
    remedy: 'Importieren Sie die Datei noch einmal; scheitert es wieder, nennt die Meldung, was im Weg steht.',
  },
  MANIFEST_HALF_DONE: {
    message:
      'Zeile {line} ({name}) ist gescheitert: {detail}. Diese Ansprüche wurden geschrieben und konnten nicht zurückgenommen werden: {names}',
    remedy:
      'Importieren Sie die Datei noch einmal: Was schon da ist, bleibt, wie es ist. Oder entfernen Sie sie mit usher unclaim.',
  },
  RULE_INVALID: {
    message: 'Die Zulassungsregel ist nicht gültig: {detail}',
    remedy: 'Berichtigen Sie, was die Meldung nennt.',
  },
  RULE_EXISTS: {
    message: 'Eine Zulassungsregel {name} gibt es schon',
    remedy: 'Wählen Sie einen anderen Namen, oder entfernen Sie erst diese Regel (usher rules remove).',
  },
  RULE_UNKNOWN: {
    message: 'Eine Zulassungsregel {name} gibt es nicht',
    remedy: 'usher rules list zeigt die vorhandenen.',
  },
};
