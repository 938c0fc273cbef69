import type { ClusterCaView } from '../../api/core/schemas.ts';
import { Command } from '../components/command.tsx';
import { Pending } from '../components/pending.tsx';
import { More } from '../components/pods.tsx';
import { Said } from '../components/said.tsx';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import { dayText } from '../age.ts';
import { useWords } from '../words.tsx';
import { ReadDialog } from './read-dialog.tsx';

const SHOWN = 12;

/** Why the cluster's CA should be rotated, and how: the page guides, the operator does it on the master. */
export function ClusterCaDialog({ store, onClose }: { store: LiveStore; onClose: () => void }) {
  const { m } = useWords();
  const view = useLoaded(() => store.clusterCa(), store);
  return (
    <ReadDialog title={m.dialogs.ca.title} onClose={onClose}>
      <Pending of={view} what={m.dialogs.ca.what}>
        {(body) => <Guide view={body} />}
      </Pending>
    </ReadDialog>
  );
}

function Guide({ view }: { view: ClusterCaView }) {
  const words = useWords();
  const t = words.m.dialogs.ca;
  return (
    <>
      <p>
        {t.hint} {view.revoked.length === 0 && t.noNeed}
      </p>
      {view.revoked.length > 0 && (
        <>
          <h3>{t.holding}</h3>
          <ul class="list tight">
            {view.revoked.slice(0, SHOWN).map(({ device, nodeName }) => (
              <li key={device}>
                <bdi>{nodeName ?? t.neverNode}</bdi> <code>{device}</code>
              </li>
            ))}
            <More count={view.revoked.length - SHOWN} />
          </ul>
        </>
      )}
      <ol class="steps guide">
        {view.steps.map((step, at) => (
          <li key={at}>
            <Said text={step.what} />
            {step.command !== undefined && <Command text={step.command} />}
          </li>
        ))}
      </ol>
      <p class="hint">{t.valid(dayText(view.notBefore, words), dayText(view.notAfter, words))}</p>
    </>
  );
}
