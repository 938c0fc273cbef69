import type { Dialog } from '../dialogs/dialog.ts';
import type { Language } from '../language.ts';
import type { LiveStore } from '../live-store.ts';
import type { Router } from '../router.ts';
import type { PageTrust } from '../trust.ts';

/** What every screen beside the site gets. */
export interface ScreenProps {
  store: LiveStore;
  router: Router;
  trust: PageTrust;
  open: (dialog: Dialog) => void;
  onLanguage: (language: Language) => void;
}
