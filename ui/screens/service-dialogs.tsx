import { useSignal } from '@preact/signals';
import type { SensorServiceView, ServiceUnit } from '../../api/core/schemas.ts';
import { requestTo } from '../../api/client/request-to.ts';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { FormDialog } from '../dialogs/form-dialog.tsx';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';

interface Props {
  service: SensorServiceView;
  unit: ServiceUnit;
  store: LiveStore;
  /** It was asked for; `to` is who is to be active. */
  onDone: (to: string) => void;
  onClose: () => void;
}

/** Says what a handover does before it is asked for. */
export function HandOverDialog({ to, service, unit, store, onDone, onClose }: Props & { to: string }) {
  const t = useWords().m.screens.services;
  const { namespace, name } = service;
  const act = async (): Promise<Refusal | undefined> => {
    const { path, body } = requestTo('POST', '/api/v1/services/{namespace}/{name}/units/{unit}/handover', {
      params: { namespace, name, unit: unit.name },
      body: { to },
    });
    const reply = await store.ask<SensorServiceView>('POST', path, body);
    if (!reply.ok) return reply.refusal;
    onDone(to);
    return undefined;
  };
  return (
    <ConfirmDialog
      title={t.handOverTitle(unit.name, to)}
      action={t.handOverAction}
      isHarmless
      act={act}
      onClose={onClose}
    >
      <p>
        <bdi>{t.handOverHint(unit.active?.node ?? '', to)}</bdi>
      </p>
    </ConfirmDialog>
  );
}

/** Somebody vouches that the silent holder drives no more; without that word nothing is asked for. */
export function TakeOverDialog({ nodes, service, unit, store, onDone, onClose }: Props & { nodes: readonly string[] }) {
  const { m } = useWords();
  const t = m.screens.services;
  const { namespace, name } = service;
  const { epoch } = unit.lease ?? {};
  // The holder that the reader judged, also when another one comes up while the dialog is open.
  const seen = useSignal({ holder: unit.lease?.holder ?? '', epoch });
  const to = useSignal(nodes[0] ?? '');
  const isVouched = useSignal(false);
  const isWrong = useSignal(false);
  const check = (): boolean => {
    isWrong.value = !isVouched.value;
    return isVouched.value;
  };
  const act = async (): Promise<Refusal | undefined> => {
    const { path, body } = requestTo('POST', '/api/v1/services/{namespace}/{name}/units/{unit}/takeover', {
      params: { namespace, name, unit: unit.name },
      body: { to: to.value, vouched: true, epoch: seen.value.epoch },
    });
    const reply = await store.ask<SensorServiceView>('POST', path, body);
    if (!reply.ok) return reply.refusal;
    onDone(to.value);
    return undefined;
  };
  return (
    <FormDialog
      title={t.takeOverTitle(unit.name, `${namespace}/${name}`)}
      action={t.takeOverAction}
      busyText={m.common.oneMoment}
      isDangerous
      check={check}
      act={act}
      onClose={onClose}
    >
      <p>
        <bdi>{t.takeOverHint(seen.value.holder, to.value)}</bdi>
      </p>
      <fieldset class="choice">
        <legend>{t.takeOverBy}</legend>
        {nodes.map((node) => (
          <label key={node}>
            <input
              type="radio"
              name="takeover-to"
              value={node}
              checked={to.value === node}
              onChange={() => (to.value = node)}
            />
            <span>
              <bdi>{node}</bdi>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="choice">
        <label>
          <input
            type="checkbox"
            checked={isVouched.value}
            aria-invalid={isWrong.value}
            aria-describedby="vouch-missing"
            onChange={({ currentTarget }) => {
              isVouched.value = currentTarget.checked;
              isWrong.value = false;
            }}
          />
          <span>{t.vouch(seen.value.holder)}</span>
        </label>
        <p id="vouch-missing" class="problem" aria-live="polite">
          {isWrong.value ? t.vouchMissing : undefined}
        </p>
      </div>
      <p class="hint">{t.takeOverTrace}</p>
    </FormDialog>
  );
}
