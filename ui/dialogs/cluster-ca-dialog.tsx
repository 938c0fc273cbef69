import type { ClusterCaView } from '../../api/core/schemas.ts';
import { Command } from '../components/command.tsx';
import { Pending } from '../components/pending.tsx';
import { More } from '../components/pods.tsx';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import { Modal } from './modal.tsx';

const SHOWN = 12;

/** Why the cluster's CA should be rotated, and how: the page guides, the operator does it on the master. */
export function ClusterCaDialog({ store, onClose }: { store: LiveStore; onClose: () => void }) {
  const view = useLoaded(() => store.clusterCa(), store);
  return (
    <Modal title="Rotate the cluster’s CA" onClose={onClose}>
      {(close) => (
        <>
          <Pending of={view} what="the state of the CA">
            {(body) => <Guide view={body} />}
          </Pending>
          <div class="actions end">
            <button type="button" class="primary" autofocus onClick={close}>
              Close
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

function Guide({ view }: { view: ClusterCaView }) {
  return (
    <>
      <p>
        Every node that joined holds a certificate of this CA, and keeps it when it is revoked. A new CA ends them all.
        {view.revoked.length === 0 &&
          ' No device was revoked or replaced since this CA was made, so there is no need now.'}
      </p>
      {view.revoked.length > 0 && (
        <>
          <h3>Revoked, and still holding a certificate</h3>
          <ul class="list tight">
            {view.revoked.slice(0, SHOWN).map(({ device, nodeName }) => (
              <li key={device}>
                <bdi>{nodeName ?? 'never a node'}</bdi> <code>{device}</code>
              </li>
            ))}
            <More count={view.revoked.length - SHOWN} />
          </ul>
        </>
      )}
      <ol class="steps guide">
        {view.steps.map((step, at) => (
          <li key={at}>
            <bdi>{step.what}</bdi>
            {step.command !== undefined && <Command text={step.command} />}
          </li>
        ))}
      </ol>
      <p class="hint">
        This CA is valid from {day(view.notBefore)} until {day(view.notAfter)}.
      </p>
    </>
  );
}

function day(at: string): string {
  return new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium' });
}
