import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import { deviceHref } from '../route.ts';
import { sorted, type Row, type Sort, type SortKey } from '../rows.ts';
import { useWindow } from '../use-window.ts';
import { useWords } from '../words.tsx';
import { Age } from './age.tsx';
import { KeysHelp } from './keys-help.tsx';
import { SelectionBar } from './selection-bar.tsx';

interface Props {
  rows: readonly Row[];
  selected: Signal<ReadonlySet<string>>;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  go: (href: string) => void;
}

const ROW_PX = 44;
const NARROW_ROW_PX = 60;
const NARROW = '(max-width: 640px)';
const COLUMNS: readonly SortKey[] = ['name', 'stage', 'address', 'since'];

/** A thousand devices, a line each: only those in sight are drawn. */
export function DeviceTable({ rows, selected, store, open, go }: Props) {
  const { m } = useWords();
  const sort = useSignal<Sort>({ by: 'group', descending: false });
  const cursor = useSignal<string | undefined>(undefined);
  const hasHelp = useSignal(false);
  const isNarrow = useMedia(NARROW);
  const body = useRef<HTMLTableSectionElement>(null);
  const topPx = useSignal(0);
  useLayoutEffect(() => {
    const top = Math.round((body.current?.getBoundingClientRect().top ?? 0) + scrollY);
    if (top !== topPx.peek()) topPx.value = top;
  });
  const ordered = sorted(rows, sort.value);
  const view = useWindow({ count: ordered.length, rowPx: isNarrow ? NARROW_ROW_PX : ROW_PX, topPx: topPx.value });
  const at = Math.max(
    0,
    ordered.findIndex(({ id }) => id === cursor.value),
  );
  const toggle = (id: string): void => {
    const next = new Set(selected.value);
    if (!next.delete(id)) next.add(id);
    selected.value = next;
  };
  const moveTo = (index: number): void => {
    const row = ordered[Math.min(ordered.length - 1, Math.max(0, index))];
    if (row === undefined) return;
    cursor.value = row.id;
    view.show(ordered.indexOf(row));
    focusWhenDrawn(body.current, row.id);
  };
  const onKey = (event: KeyboardEvent): void => {
    const row = ordered[at];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnRow = event.target instanceof HTMLTableRowElement;
    const page = Math.max(1, Math.floor(innerHeight / ROW_PX) - 4);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: ordered.length - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) moveTo(next);
    else if (isOnRow && event.key === ' ') toggle(row.id);
    else if (isOnRow && event.key === 'Enter' && row.device !== undefined) go(deviceHref(row.id));
    else return;
    event.preventDefault();
  };
  const areAllSelected = ordered.every(({ id }) => selected.value.has(id));
  const selectAll = (): void => {
    selected.value = areAllSelected ? new Set() : new Set(ordered.map(({ id }) => id));
  };
  useEffect(() => {
    const onDocumentKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]') !== null) return;
      if (event.key === '/') document.getElementById('search')?.focus();
      else if (event.key === '?') hasHelp.value = true;
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onDocumentKey);
    return () => removeEventListener('keydown', onDocumentKey);
  }, [hasHelp]);
  return (
    <>
      <SelectionBar rows={ordered} selected={selected} store={store} open={open} />
      <table class="rows" role="grid" aria-rowcount={ordered.length + 1} aria-multiselectable="true" onKeyDown={onKey}>
        <caption class="unseen">{m.list.caption(ordered.length)}</caption>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" class="tick">
              <input type="checkbox" aria-label={m.list.selectAll} checked={areAllSelected} onChange={selectAll} />
            </th>
            {COLUMNS.map((by) => (
              <SortHead key={by} by={by as Exclude<SortKey, 'group'>} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          <Gap heightPx={view.beforePx} isNarrow={isNarrow} />
          {ordered.slice(view.first, view.end).map((row, offset) => (
            <DeviceRow
              key={row.id}
              row={row}
              index={view.first + offset}
              isCursor={row.id === (cursor.value ?? ordered[0]?.id)}
              isSelected={selected.value.has(row.id)}
              store={store}
              onToggle={toggle}
              onFocus={(id) => (cursor.value = id)}
            />
          ))}
          <Gap heightPx={view.afterPx} isNarrow={isNarrow} />
        </tbody>
      </table>
      {hasHelp.value && <KeysHelp onClose={() => (hasHelp.value = false)} />}
      <p class="hint keys-hint">
        <button type="button" class="quiet small" onClick={() => (hasHelp.value = true)}>
          {m.list.keys} <kbd>?</kbd>
        </button>
      </p>
    </>
  );
}

function SortHead({ by, sort }: { by: Exclude<SortKey, 'group'>; sort: Signal<Sort> }) {
  const { m } = useWords();
  const isIt = sort.value.by === by;
  const press = (): void => {
    // Once more turns it round, and a third time goes back to who needs the operator first.
    if (!isIt) sort.value = { by, descending: false };
    else sort.value = sort.value.descending ? { by: 'group', descending: false } : { by, descending: true };
  };
  return (
    <th scope="col" class={`of-${by}`} aria-sort={isIt ? (sort.value.descending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="quiet small" onClick={press}>
        {m.list.columns[by]}
        <span aria-hidden="true">{isIt ? (sort.value.descending ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}

interface RowProps {
  row: Row;
  index: number;
  isCursor: boolean;
  isSelected: boolean;
  store: LiveStore;
  onToggle: (id: string) => void;
  onFocus: (id: string) => void;
}

function DeviceRow({ row, index, isCursor, isSelected, store, onToggle, onFocus }: RowProps) {
  const { m } = useWords();
  const labels = Object.entries(row.labels);
  return (
    <tr
      class={`in-${row.group} stage-${(row.device?.stage ?? '').toLowerCase()}`}
      data-row-id={row.id}
      tabIndex={isCursor ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      onFocus={() => {
        onFocus(row.id);
      }}
    >
      <td class="tick">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={m.list.select(row.name)}
          checked={isSelected}
          onChange={() => {
            onToggle(row.id);
          }}
        />
      </td>
      <td class="of-name">
        {row.device === undefined ? (
          <bdi>{row.name}</bdi>
        ) : (
          <a href={deviceHref(row.id)} tabIndex={-1}>
            <bdi>{row.name}</bdi>
          </a>
        )}{' '}
        <span class="facts">
          {row.device !== undefined && <code>{row.device.shortId}</code>}
          {labels.slice(0, 2).map(([key, value]) => (
            <bdi key={key}>
              {key}={value}
            </bdi>
          ))}
          {labels.length > 2 && <span>+{labels.length - 2}</span>}
        </span>
      </td>
      <td class="of-stage">
        <span class="badge">{row.badge}</span>
      </td>
      <td class="of-address">
        <bdi>{row.address}</bdi>
      </td>
      <td class="of-since">{row.since !== '' && <Age store={store} at={row.since} />}</td>
    </tr>
  );
}

/** Columns that a narrow table shows, with that of the checkboxes; one more would take room of its own. */
const NARROW_COLUMNS = 3;

/** Stands for the rows that are not drawn. */
function Gap({ heightPx, isNarrow }: { heightPx: number; isNarrow: boolean }) {
  if (heightPx <= 0) return null;
  return (
    <tr aria-hidden="true" class="gap">
      <td colSpan={isNarrow ? NARROW_COLUMNS : COLUMNS.length + 1} height={heightPx} />
    </tr>
  );
}

function rowElement(body: HTMLElement | null, id: string): HTMLElement | undefined {
  const rows = [...(body?.querySelectorAll<HTMLElement>('tr[data-row-id]') ?? [])];
  return rows.find((row) => row.dataset['rowId'] === id);
}

/** The row may come into the page only some frames after the scrolling. */
function focusWhenDrawn(body: HTMLElement | null, id: string, framesLeft = 12): void {
  const row = rowElement(body, id);
  if (row !== undefined) row.focus({ preventScroll: true });
  else if (framesLeft > 0) requestAnimationFrame(() => focusWhenDrawn(body, id, framesLeft - 1));
}

function useMedia(query: string): boolean {
  const fits = useSignal(matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const onChange = (): void => {
      fits.value = list.matches;
    };
    list.addEventListener('change', onChange);
    return () => list.removeEventListener('change', onChange);
  }, [query, fits]);
  return fits.value;
}
