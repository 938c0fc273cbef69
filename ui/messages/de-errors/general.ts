import type { GENERAL_ERRORS } from '../../../foundation/error-catalogue/general.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Was überall schiefgehen kann. */
export const GENERAL: Readonly<Record<keyof typeof GENERAL_ERRORS, ErrorText>> = {
  INTERNAL: {
    message: 'Etwas Unerwartetes ist geschehen: {detail}',
    remedy:
      'Sehen Sie im Log der Appliance bei dieser Uhrzeit nach; geschieht es wieder, melden Sie es zusammen mit dem Log.',
  },
  CONFIG_INVALID: {
    message: 'Die Konfiguration ist nicht gültig: {detail}',
    remedy: 'Berichtigen Sie die genannte Option, Umgebungsvariable oder Datei und starten Sie neu.',
  },
  NEEDS_ROOT: {
    message: '{what} braucht root',
    remedy: 'Rufen Sie denselben Befehl als root auf, zum Beispiel mit sudo.',
  },
  NODE_TOO_OLD: {
    message: 'Hier läuft Node.js {version}, gebraucht wird 24',
    remedy: 'Rufen Sie npm ci im Checkout auf: Das bringt Node.js 24 mit.',
  },
  TOOL_MISSING: {
    message: 'Das Programm {tool} fehlt',
    remedy: 'Rufen Sie usher doctor --fix auf, oder installieren Sie das Paket {package}.',
  },
  TOOL_FAILED: {
    message: '{tool} ist gescheitert: {detail}',
    remedy: 'Die Einzelheit stammt vom Programm selbst; usher doctor prüft, was es braucht.',
  },
  STOPPED: {
    message: 'Auf Wunsch angehalten',
    remedy: 'Nichts zu tun: Die Arbeit wurde mit Absicht unterbrochen und geht beim nächsten Start weiter.',
  },
  TIMED_OUT: {
    message: '{what} hat länger als {limitMs} ms gedauert',
    remedy:
      'Versuchen Sie es noch einmal; bleibt es langsam, sehen Sie nach der Last der Maschine und ins Log des genannten Teils.',
  },
  LISTEN_FAILED: {
    message: 'Auf {address} kann nicht gehört werden: {detail}',
    remedy: 'Machen Sie den Port frei (ss -ltnp zeigt, wer ihn hat), oder wählen Sie per Option einen anderen.',
  },
};
