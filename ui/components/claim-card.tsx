import type { ClaimView } from '../../api/core/schemas.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import { useWords } from '../words.tsx';
import { Labels } from './labels.tsx';
import { Said } from './said.tsx';

interface Props {
  claim: ClaimView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

/** A claim without a device of its own yet: it waits for one, or stands in conflict and says why. */
export function ClaimCard({ claim, store, open }: Props) {
  const { m } = useWords();
  const isConflict = claim.phase === 'Conflict';
  const bound = claim.conditions.find((condition) => condition.type === 'Bound' && condition.status === 'False');
  const title = `claim-${claim.name}`;
  return (
    <li class={`card claim-${claim.phase.toLowerCase()}`} data-card-id={`claim/${claim.name}`} aria-labelledby={title}>
      <div class="card-head">
        <h3 id={title} tabIndex={-1}>
          <bdi>{claim.name}</bdi>
        </h3>
        <span class="badge">{isConflict ? m.stages.conflict : m.stages.claimWaits}</span>
      </div>
      <p class="facts">
        {Object.entries(claim.match).map(([key, value]) => (
          <span key={key}>
            {m.card.match[key] ?? key} <code>{value}</code>
          </span>
        ))}
      </p>
      {isConflict ? (
        <div class="note bad">
          <strong>{bound === undefined ? m.card.conflict : <Said text={bound.message} />}</strong>
          <span>{m.card.conflictHint}</span>
          {bound !== undefined && <code>{bound.reason}</code>}
        </div>
      ) : (
        <p class="waits">{m.card.nothingAnswers}</p>
      )}
      <Labels labels={claim.labels} wanted />
      {store.may('claimer') && (
        <div class="actions">
          <button
            type="button"
            class="quiet"
            onClick={() => open({ kind: 'unclaim', cardId: `claim/${claim.name}`, claim: claim.name })}
          >
            {m.card.removeClaim}
          </button>
        </div>
      )}
    </li>
  );
}
