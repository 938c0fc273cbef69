import { useSignal } from '@preact/signals';
import type { ManifestRow } from '../../api/core/schemas.ts';
import { Said } from '../components/said.tsx';
import { rich, useWords } from '../words.tsx';

/** Rows drawn at once; the rest on request, so that a thousand do not make a phone wait. */
const AT_ONCE = 200;

/** Each row of a file with what becomes of it; those with a problem first in sight by a switch. */
export function ImportRows({ rows }: { rows: readonly ManifestRow[] }) {
  const { m } = useWords();
  const t = m.screens.import;
  const onlyBad = useSignal(false);
  const shown = useSignal(AT_ONCE);
  const bad = rows.filter(({ outcome }) => outcome === 'invalid' || outcome === 'conflict');
  const wanted = onlyBad.value ? bad : rows;
  return (
    <>
      {bad.length > 0 && bad.length < rows.length && (
        <label class="inline">
          <input
            type="checkbox"
            checked={onlyBad.value}
            onChange={(event) => (onlyBad.value = event.currentTarget.checked)}
          />
          {t.only} {t.bad} ({bad.length})
        </label>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label={t.changes}>
        <table class="plain stack">
          <thead>
            <tr>
              <th scope="col" class="number">
                {t.line}
              </th>
              <th scope="col">{t.name}</th>
              <th scope="col">{t.outcome}</th>
              <th scope="col">{t.changes}</th>
            </tr>
          </thead>
          <tbody>
            {wanted.slice(0, shown.value).map((row, at) => (
              <tr key={at} class={row.outcome}>
                <td class="number">
                  {row.column === undefined ? row.line : `${String(row.line)}:${String(row.column)}`}
                </td>
                <td>
                  <bdi>{row.name}</bdi>
                  {row.match !== undefined && (
                    <>
                      {' '}
                      <small>
                        <bdi>{row.match}</bdi>
                      </small>
                    </>
                  )}
                </td>
                <td>{t.outcomes[row.outcome]}</td>
                <td class="whole">
                  <What row={row} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {wanted.length > shown.value && (
        <button type="button" class="quiet" onClick={() => (shown.value = wanted.length)}>
          {m.common.andMore(wanted.length - shown.value)}
        </button>
      )}
    </>
  );
}

function What({ row }: { row: ManifestRow }) {
  const t = useWords().m.screens.import;
  return (
    <>
      {row.message !== undefined && (
        <span class="line">
          <Said text={row.message} code={row.code} /> {row.code !== undefined && <code>{row.code}</code>}
        </span>
      )}
      {row.remedy !== undefined && (
        <span class="line">
          <Said text={row.remedy} code={row.code} />
        </span>
      )}
      {row.notes?.map((note) => (
        <span class="line" key={note}>
          <Said text={note} />
        </span>
      ))}
      {row.changes?.map(({ field, from, to }) => (
        <span class="line" key={field}>
          {rich(row.outcome === 'new' ? t.willBe : t.fromTo, {
            field: <code>{field}</code>,
            from: <bdi>{from ?? '–'}</bdi>,
            to: <bdi>{to ?? '–'}</bdi>,
          })}
        </span>
      ))}
    </>
  );
}
