import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Note } from '../components/note.tsx';
import { useSent } from '../use-sent.ts';
import { useWords } from '../words.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Screen } from './screen.tsx';

const PAPERS = ['A4', 'Letter', '62mm', '29x90mm'] as const;
type Paper = (typeof PAPERS)[number];

/** A sheet of labels for claims: which, on what, and the file. */
export function LabelsScreen({ store }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.labels;
  const claims = store.claims.value;
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const paper = useSignal<Paper>('A4');
  const format = useSignal<'pdf' | 'svg'>('pdf');
  const made = useSignal<string | undefined>(undefined);
  const sending = useSent();
  const names = claims.map(({ name }) => name).filter((name) => chosen.value.has(name));
  useEffect(() => () => forget(made.peek()), []);
  const make = async (): Promise<void> => {
    const body = { items: names.map((claim) => ({ claim })), format: format.value, paper: paper.value };
    const file = await sending.send(() => store.ask<Blob>('POST', '/api/v1/label-sheets', body));
    forget(made.value);
    made.value = file === undefined ? undefined : URL.createObjectURL(file);
  };
  const change = (next: ReadonlySet<string>): void => {
    chosen.value = next;
    made.value = undefined;
  };
  return (
    <Screen title={t.title} hint={t.hint}>
      {claims.length === 0 && <p>{t.none}</p>}
      {claims.length > 0 && (
        <form
          class="panel"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <fieldset class="wide">
            <legend>{t.what}</legend>
            <div class="checks">
              <label>
                <input
                  type="checkbox"
                  checked={names.length === claims.length}
                  onChange={(event) =>
                    change(new Set(event.currentTarget.checked ? claims.map(({ name }) => name) : []))
                  }
                />
                <b>{t.all}</b>
              </label>
              {claims.map(({ name }) => (
                <label key={name}>
                  <input
                    type="checkbox"
                    checked={chosen.value.has(name)}
                    onChange={() => {
                      const next = new Set(chosen.value);
                      if (!next.delete(name)) next.add(name);
                      change(next);
                    }}
                  />
                  <bdi>{name}</bdi>
                </label>
              ))}
            </div>
          </fieldset>
          <div class="form-row">
            <div>
              <label for="paper">{t.paper}</label>
              <select
                id="paper"
                value={paper.value}
                onChange={(event) => (paper.value = event.currentTarget.value as Paper)}
              >
                {PAPERS.map((each) => (
                  <option key={each} value={each}>
                    {t.papers[each]}
                  </option>
                ))}
              </select>
            </div>
            <div>
              <label for="sheet-format">{t.format}</label>
              <select
                id="sheet-format"
                value={format.value}
                onChange={(event) => (format.value = event.currentTarget.value as 'pdf' | 'svg')}
              >
                <option value="pdf">PDF</option>
                <option value="svg">SVG</option>
              </select>
            </div>
          </div>
          <Note refusal={sending.refusal} urgent />
          {made.value !== undefined && (
            <p class="note good" role="status">
              <strong>{t.ready}</strong>
              <a href={made.value} download={`labels.${format.value}`}>
                {t.save}
              </a>
            </p>
          )}
          <div class="actions end">
            <button type="submit" class="primary" disabled={names.length === 0 || sending.isBusy}>
              {sending.isBusy ? t.busy : t.action(names.length)}
            </button>
          </div>
        </form>
      )}
    </Screen>
  );
}

function forget(url: string | undefined): void {
  if (url !== undefined) URL.revokeObjectURL(url);
}
