import type { ClaimView } from '../../api/core/schemas.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import { Labels } from './labels.tsx';

const MATCH_WORDS: Record<string, string> = {
  device: 'device id',
  serial: 'serial number',
  mac: 'MAC address',
  duid: 'DUID',
  keyFingerprint: 'key fingerprint',
};

interface Props {
  claim: ClaimView;
  open: (dialog: Dialog) => void;
}

/** A claim without a device of its own yet: it waits for one, or stands in conflict and says why. */
export function ClaimCard({ claim, open }: Props) {
  const isConflict = claim.phase === 'Conflict';
  const bound = claim.conditions.find((condition) => condition.type === 'Bound' && condition.status === 'False');
  const title = `claim-${claim.name}`;
  return (
    <li class={`card claim-${claim.phase.toLowerCase()}`} data-card-id={`claim/${claim.name}`} aria-labelledby={title}>
      <div class="card-head">
        <h3 id={title} tabIndex={-1}>
          <bdi>{claim.name}</bdi>
        </h3>
        <span class="badge">{isConflict ? 'Conflict' : 'Claim waits'}</span>
      </div>
      <p class="facts">
        {Object.entries(claim.match).map(([key, value]) => (
          <span key={key}>
            {MATCH_WORDS[key] ?? key} <code>{value}</code>
          </span>
        ))}
      </p>
      {isConflict ? (
        <div class="note bad">
          <strong>
            <bdi>{bound?.message ?? 'This claim is in conflict with another one.'}</bdi>
          </strong>
          <span>Remove this claim or the other one, or change what it matches.</span>
          {bound !== undefined && <code>{bound.reason}</code>}
        </div>
      ) : (
        <p class="waits">Nothing on the network answers to it yet. It takes effect when its device shows up.</p>
      )}
      <Labels labels={claim.labels} wanted />
      <div class="actions">
        <button
          type="button"
          class="quiet"
          onClick={() => open({ kind: 'unclaim', cardId: `claim/${claim.name}`, claim: claim.name })}
        >
          Remove claim…
        </button>
      </div>
    </li>
  );
}
