import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { AuditEntry, AuditPage, AuditVerification } from '../../api/core/schemas.ts';
import { auditTarget } from '../audit-target.ts';
import { timeText } from '../age.ts';
import { Note } from '../components/note.tsx';
import { Said } from '../components/said.tsx';
import { deviceHref } from '../route.ts';
import { useSent } from '../use-sent.ts';
import { useWords } from '../words.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Screen } from './screen.tsx';

const FIELDS = ['actor', 'action', 'device'] as const;
type Wanted = Record<(typeof FIELDS)[number] | 'from' | 'to', string>;

/** Who did what, newest first; and whether anybody tampered with that. */
export function AuditScreen({ store }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.audit;
  const wanted = useSignal<Wanted>({ actor: '', action: '', device: '', from: '', to: '' });
  const page = useSignal<AuditPage | undefined>(undefined);
  const checked = useSignal<AuditVerification | undefined>(undefined);
  const sending = useSent();
  const read = async (cursor?: string): Promise<void> => {
    const next = await sending.send(() => store.ask<AuditPage>('GET', `/api/v1/audit?${query(wanted.value, cursor)}`));
    if (next === undefined) return;
    page.value = cursor === undefined ? next : { ...next, items: [...(page.value?.items ?? []), ...next.items] };
  };
  const verify = async (): Promise<void> => {
    checked.value = await sending.send(() => store.ask<AuditVerification>('GET', '/api/v1/audit/verification'));
  };
  useEffect(() => void read(), []);
  return (
    <Screen title={t.title} hint={t.hint}>
      <form
        class="panel wide"
        onSubmit={(event) => {
          event.preventDefault();
          void read();
        }}
      >
        <div class="form-row pairs">
          {FIELDS.map((field) => (
            <div key={field}>
              <label for={`audit-${field}`}>{t[field]}</label>
              <input
                id={`audit-${field}`}
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                value={wanted.value[field]}
                onInput={(event) => (wanted.value = { ...wanted.value, [field]: event.currentTarget.value })}
              />
            </div>
          ))}
          {(['from', 'to'] as const).map((field) => (
            <div key={field}>
              <label for={`audit-${field}`}>{t[field]}</label>
              <input
                id={`audit-${field}`}
                type="date"
                value={wanted.value[field]}
                onInput={(event) => (wanted.value = { ...wanted.value, [field]: event.currentTarget.value })}
              />
            </div>
          ))}
          <button type="submit" class="primary" disabled={sending.isBusy}>
            {t.filter}
          </button>
        </div>
      </form>
      <div class="actions even">
        <button type="button" disabled={sending.isBusy} onClick={() => void verify()}>
          {t.verify}
        </button>
        <a class="button" href="/api/v1/audit/export" download="audit.jsonl">
          {t.export}
        </a>
      </div>
      {checked.value !== undefined && <Checked result={checked.value} />}
      <Note refusal={sending.refusal} urgent />
      {page.value !== undefined && <Entries items={page.value.items} />}
      {page.value?.nextCursor !== undefined && (
        <button type="button" disabled={sending.isBusy} onClick={() => void read(page.value?.nextCursor)}>
          {t.more}
        </button>
      )}
    </Screen>
  );
}

function Checked({ result }: { result: AuditVerification }) {
  const t = useWords().m.screens.audit;
  if (result.intact) {
    return (
      <p class="note good" role="status">
        <strong>{t.intact(result.entries)}</strong>
      </p>
    );
  }
  return (
    <div class="note bad" role="alert">
      <strong>{t.broken(result.problems[0]?.seq ?? 0)}</strong>
      {result.problems.map((problem) => (
        <span key={`${problem.kind} ${String(problem.seq)}`}>
          <Said text={problem.message} />
        </span>
      ))}
    </div>
  );
}

function Target({ entry }: { entry: AuditEntry }) {
  const { name, device } = auditTarget(entry);
  return (
    <>
      <bdi>{name}</bdi> {device !== undefined && <a href={deviceHref(device)}>{device.slice(0, 6)}</a>}
    </>
  );
}

function Entries({ items }: { items: readonly AuditEntry[] }) {
  const words = useWords();
  const t = words.m.screens.audit;
  if (items.length === 0) return <p class="hint">{t.nothing}</p>;
  return (
    <div class="panel wide" tabIndex={0} role="region" aria-label={t.entries}>
      <table class="plain stack">
        <thead>
          <tr>
            <th scope="col">{t.time}</th>
            <th scope="col">{t.actor}</th>
            <th scope="col">{t.action}</th>
            <th scope="col">{t.target}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((entry) => (
            <tr key={entry.seq} class={entry.result === 'refused' ? 'conflict' : ''}>
              <td>
                <time dateTime={entry.ts}>{timeText(entry.ts, Date.now(), words)}</time>
              </td>
              <td>
                <bdi>{entry.actor.id}</bdi> <small>{entry.actor.ip}</small>
              </td>
              <td>
                <code>{entry.action}</code> {entry.code !== undefined && <code>{entry.code}</code>}
              </td>
              <td>
                <Target entry={entry} />{' '}
                <small>
                  <bdi>
                    {[entry.evidence, entry.from, entry.to]
                      .filter((part) => part !== undefined)
                      .map((part) => words.m.server(part) ?? part)
                      .join(' · ')}
                  </bdi>
                </small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Days are the reader's: from their beginning until the end of the last. */
function query({ actor, action, device, from, to }: Wanted, cursor: string | undefined): string {
  const asked = new URLSearchParams({ limit: '100' });
  for (const [key, value] of Object.entries({ actor, action, device }))
    if (value.trim() !== '') asked.set(key, value.trim());
  if (from !== '') asked.set('from', new Date(`${from}T00:00:00`).toISOString());
  if (to !== '') asked.set('to', new Date(`${to}T23:59:59.999`).toISOString());
  if (cursor !== undefined) asked.set('cursor', cursor);
  return asked.toString();
}
