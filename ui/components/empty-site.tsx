import type { Dialog } from '../dialogs/dialog.ts';

/** What to do when there is nothing to see yet. */
export function EmptySite({ open }: { open: (dialog: Dialog) => void }) {
  return (
    <section class="empty" aria-labelledby="empty-title">
      <h2 id="empty-title">Nothing on the network yet</h2>
      <p>A Raspberry Pi shows up here within a second of asking for an address. Three steps make it a node:</p>
      <ol>
        <li>Write an SD card for this site.</li>
        <li>Put it into the Pi and plug the Pi into the switch.</li>
        <li>Claim it here: a name, labels, done.</li>
      </ol>
      <button type="button" class="primary" onClick={() => open({ kind: 'card' })}>
        New card…
      </button>
    </section>
  );
}
