import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ManifestFormat, ManifestOutcome, ManifestPreview, ManifestText } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import type { Refusal } from '../requests.ts';
import { useSent } from '../use-sent.ts';
import { hrefOf } from '../route.ts';
import { useWords } from '../words.tsx';
import { SCANNED } from './board-rows.tsx';
import { ImportRows } from './import-rows.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Screen } from './screen.tsx';

/** A list of boards becomes claims: always compared first, then taken whole or only what is good of it. */
export function ImportScreen({ store }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.import;
  const file = useSignal<ManifestText>(startText());
  const preview = useSignal<ManifestPreview | undefined>(undefined);
  const outcome = useSignal<ManifestOutcome | undefined>(undefined);
  const sending = useSent();
  const compare = async (): Promise<void> => {
    const ask = () => store.ask<ManifestPreview>('POST', '/api/v1/claims/preview', file.value);
    preview.value = (await sending.send(ask)) ?? preview.value;
  };
  const take = async (which: 'all' | 'good'): Promise<void> => {
    const body = { ...file.value, digest: preview.value?.digest ?? '', take: which };
    outcome.value = await sending.send(() => store.ask<ManifestOutcome>('POST', '/api/v1/claims/import', body));
  };
  const startAnew = (): void => {
    file.value = { format: 'csv', text: '' };
    preview.value = undefined;
    outcome.value = undefined;
  };
  return (
    <Screen title={t.title} hint={t.hint}>
      {outcome.value !== undefined ? (
        <Done outcome={outcome.value} onAgain={startAnew} />
      ) : (
        <>
          <Source file={file} onEdit={() => (preview.value = undefined)} isBusy={sending.isBusy} onPreview={compare} />
          <Note refusal={sending.refusal} urgent>
            {isOutdated(sending.refusal) && (
              <button type="button" onClick={() => void compare()}>
                {t.again}
              </button>
            )}
          </Note>
          {preview.value !== undefined && (
            <Compared preview={preview.value} isBusy={sending.isBusy} onTake={(which) => void take(which)} />
          )}
          <Export />
        </>
      )}
    </Screen>
  );
}

interface SourceProps {
  file: Signal<ManifestText>;
  onEdit: () => void;
  onPreview: () => Promise<void>;
  isBusy: boolean;
}

function Source({ file, onEdit, onPreview, isBusy }: SourceProps) {
  const t = useWords().m.screens.import;
  const setText = (text: string, name = ''): void => {
    file.value = { text, format: formatOf(text, name) };
    onEdit();
  };
  const read = async (chosen: File | undefined): Promise<void> => {
    if (chosen !== undefined) setText(await chosen.text(), chosen.name);
  };
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void onPreview();
      }}
    >
      <label for="import-file">{t.file}</label>
      <input
        id="import-file"
        type="file"
        accept=".csv,.yaml,.yml,text/csv,application/yaml"
        onChange={(event) => void read(event.currentTarget.files?.[0])}
      />
      <label for="import-text">{t.text}</label>
      <textarea
        id="import-text"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="none"
        required
        placeholder={'name,serial,labels\nlathe-1,10000000abcdef01,machine=lathe'}
        value={file.value.text}
        onInput={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      <div class="form-row">
        <div>
          <label for="import-format">{t.format}</label>
          <select
            id="import-format"
            value={file.value.format}
            onChange={(event) => {
              file.value = { ...file.value, format: event.currentTarget.value as ManifestFormat };
              onEdit();
            }}
          >
            <option value="csv">CSV</option>
            <option value="yaml">YAML</option>
          </select>
        </div>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? t.previewing : t.preview}
        </button>
      </div>
    </form>
  );
}

interface ComparedProps {
  preview: ManifestPreview;
  isBusy: boolean;
  onTake: (which: 'all' | 'good') => void;
}

function Compared({ preview, isBusy, onTake }: ComparedProps) {
  const t = useWords().m.screens.import;
  const { counts } = preview;
  const bad = counts.conflict + counts.invalid;
  const good = counts.new + counts.changed;
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <section class="panel" aria-label={t.preview} ref={section}>
      <p role="status" class="chips">
        {(['new', 'changed', 'unchanged', 'conflict', 'invalid'] as const)
          .filter((outcome) => counts[outcome] > 0)
          .map((outcome) => (
            <span key={outcome} class="chip">
              <b>{counts[outcome]}</b> {t.outcomes[outcome]}
            </span>
          ))}
      </p>
      <ImportRows rows={preview.rows} />
      {good === 0 && bad === 0 && <p class="hint">{t.nothingNew}</p>}
      {bad > 0 && good > 0 && <p class="hint">{t.leaves(bad)}</p>}
      <div class="actions end">
        {bad === 0 && good > 0 && (
          <button type="button" class="primary" disabled={isBusy} onClick={() => onTake('all')}>
            {isBusy ? t.importing : t.takeAll(preview.rows.length)}
          </button>
        )}
        {bad > 0 && good > 0 && (
          <button type="button" disabled={isBusy} onClick={() => onTake('good')}>
            {isBusy ? t.importing : t.takeGood(good)}
          </button>
        )}
      </div>
    </section>
  );
}

function Done({ outcome, onAgain }: { outcome: ManifestOutcome; onAgain: () => void }) {
  const t = useWords().m.screens.import;
  return (
    <section class="panel" aria-label={t.done}>
      <div class="note good" role="status">
        <strong>{t.done}</strong>
        {outcome.created > 0 && <span>{t.created(outcome.created)}</span>}
        {outcome.changed > 0 && <span>{t.changed(outcome.changed)}</span>}
        {outcome.unchanged > 0 && <span>{t.unchanged(outcome.unchanged)}</span>}
        {outcome.left.length > 0 && <span>{t.leaves(outcome.left.length)}</span>}
      </div>
      {outcome.left.length > 0 && <ImportRows rows={outcome.left} />}
      <div class="actions end">
        <button type="button" onClick={onAgain}>
          {t.another}
        </button>
        <a class="button primary" href={hrefOf('site')}>
          {t.toSite}
        </a>
      </div>
    </section>
  );
}

function Export() {
  const t = useWords().m.screens.import;
  return (
    <section class="panel" aria-labelledby="export-title">
      <h3 id="export-title">{t.export}</h3>
      <p class="hint">{t.exportHint}</p>
      <div class="actions">
        <a class="button" href="/api/v1/claims/export?format=csv" download="claims.csv">
          CSV
        </a>
        <a class="button" href="/api/v1/claims/export?format=yaml" download="claims.yaml">
          YAML
        </a>
      </div>
    </section>
  );
}

/** What the camera scanned board after board, when somebody comes from there. */
function startText(): ManifestText {
  const text = sessionStorage.getItem(SCANNED) ?? '';
  sessionStorage.removeItem(SCANNED);
  return { format: 'csv', text };
}

function formatOf(text: string, name: string): ManifestFormat {
  if (/\.ya?ml$/i.test(name)) return 'yaml';
  if (/\.csv$/i.test(name)) return 'csv';
  return /^\s*(---|apiVersion:|kind:|- )/m.test(text) ? 'yaml' : 'csv';
}

/** Refusals after which the preview is not what the site is any more. */
const OUTDATING = new Set(['MANIFEST_OUTDATED', 'MANIFEST_UNDONE', 'MANIFEST_HALF_DONE']);

function isOutdated(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && OUTDATING.has(refusal.code);
}
