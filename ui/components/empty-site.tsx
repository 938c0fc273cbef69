import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import { useWords } from '../words.tsx';

/** What to do when there is nothing to see yet. */
export function EmptySite({ store, open }: { store: LiveStore; open: (dialog: Dialog) => void }) {
  const { m } = useWords();
  return (
    <section class="empty" aria-labelledby="empty-title">
      <h2 id="empty-title">{m.site.emptyTitle}</h2>
      <p>{m.site.emptyHint}</p>
      <ol>
        {m.site.emptySteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {store.may('admin') && (
        <button type="button" class="primary" onClick={() => open({ kind: 'card' })}>
          {m.site.newCard}
        </button>
      )}
    </section>
  );
}
