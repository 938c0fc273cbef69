import { useSignal, type Signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { GROUPS } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { FocusKeeper } from '../focus-keeper.ts';
import type { LiveStore } from '../live-store.ts';
import { filtered, rowsOf, sorted, type Filter, type Row } from '../rows.ts';
import { useWords } from '../words.tsx';
import { ClaimCard } from './claim-card.tsx';
import { DeviceCard } from './device-card.tsx';
import { DeviceTable } from './device-table.tsx';
import { EmptySite } from './empty-site.tsx';
import { GroupFilter, GroupNav, GroupSection } from './group-section.tsx';
import { LabelFilter, ViewSwitch } from './list-tools.tsx';
import { SitePicture } from './site-picture.tsx';

interface Props {
  store: LiveStore;
  /** How devices are shown; undefined: by their number. */
  layout: Signal<'cards' | 'list' | undefined>;
  filter: Signal<Filter>;
  selected: Signal<ReadonlySet<string>>;
  open: (dialog: Dialog) => void;
  go: (href: string) => void;
  focus: FocusKeeper;
}

/** Fewer than these are found at a glance. */
const FILTER_FROM = 8;
/** More than these are a list, unless the reader wants cards. */
const LIST_FROM = 41;
/** Cards of a group; the rest is in the list. */
const MOST_CARDS = 48;

/** Everything on the LAN that is, or may become, a node, first what needs the operator; and a picture of it. */
export function SiteList(props: Props) {
  const { store, layout, filter, open } = props;
  const { m } = useWords();
  const devices = store.devices.value;
  const claims = store.claims.value;
  const rows = useMemo(() => rowsOf(devices ?? [], claims, m), [devices, claims, m]);
  if (devices === undefined) return <p class="splash">{m.site.looking}</p>;
  if (rows.length === 0) return <EmptySite store={store} open={open} />;

  const isList = (layout.value ?? (rows.length >= LIST_FROM ? 'list' : 'cards')) === 'list';
  const shown = filtered(rows, isList ? filter.value : { ...filter.value, groups: new Set(), label: '' });
  const counted = Map.groupBy(isList ? rows : shown, ({ group }) => group);
  const groups = GROUPS.map((id) => ({ id, count: counted.get(id)?.length ?? 0 })).filter(({ count }) => count > 0);
  return (
    <div class="with-picture">
      <div class="main-part">
        <div class="toolbar">
          {isList ? (
            <GroupFilter
              groups={groups}
              chosen={filter.value.groups}
              onToggle={(id) => {
                const chosen = new Set(filter.value.groups);
                if (!chosen.delete(id)) chosen.add(id);
                filter.value = { ...filter.value, groups: chosen };
              }}
            />
          ) : (
            <GroupNav groups={groups} />
          )}
          <div class="tools">
            {(isList || rows.length >= FILTER_FROM || filter.value.text !== '') && (
              <input
                id="search"
                type="search"
                aria-label={m.site.search}
                placeholder={m.site.searchHint}
                value={filter.value.text}
                onInput={(event) => (filter.value = { ...filter.value, text: event.currentTarget.value })}
              />
            )}
            {isList && <LabelFilter rows={rows} filter={filter} />}
            <ViewSwitch layout={layout} isList={isList} />
          </div>
        </div>
        {shown.length === 0 && (
          <p class="splash">
            {m.site.nothingFits}{' '}
            <button
              type="button"
              class="quiet"
              onClick={() => (filter.value = { text: '', groups: new Set(), label: '' })}
            >
              {m.site.clearFilter}
            </button>
          </p>
        )}
        {isList ? shown.length > 0 && <DeviceTable {...props} rows={shown} /> : <Cards {...props} rows={shown} />}
      </div>
      <SitePicture devices={devices} store={store} />
    </div>
  );
}

/** The groups with a card for each. */
function Cards({ rows, store, layout, filter, open, focus }: Props & { rows: readonly Row[] }) {
  const { m } = useWords();
  // Here and not on the card: a card that moves to another group is made anew.
  const detailed = useSignal<ReadonlySet<string>>(new Set());
  const byGroup = Map.groupBy(rows, ({ group }) => group);
  return (
    <>
      {GROUPS.map((id) => {
        const all = byGroup.get(id) ?? [];
        const of = id === 'ready' ? sorted(all, { by: 'name', descending: false }) : all;
        if (of.length === 0) return null;
        const rest = of.length - MOST_CARDS;
        return (
          <GroupSection key={id} id={id} count={of.length}>
            {of
              .slice(0, MOST_CARDS)
              .map(({ id: key, device, claim }) =>
                device === undefined ? (
                  claim !== undefined && <ClaimCard key={key} claim={claim} store={store} open={open} />
                ) : (
                  <DeviceCard key={key} device={device} detailed={detailed} store={store} open={open} focus={focus} />
                ),
              )}
            {rest > 0 && (
              <li key="rest">
                <button
                  type="button"
                  onClick={() => {
                    filter.value = { ...filter.value, groups: new Set([id]) };
                    layout.value = 'list';
                  }}
                >
                  {m.site.restInList(rest)}
                </button>
              </li>
            )}
          </GroupSection>
        );
      })}
    </>
  );
}
