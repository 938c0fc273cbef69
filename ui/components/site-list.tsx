import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ClaimView, DeviceView } from '../../api/core/schemas.ts';
import { GROUPS, groupOf, nameOf, openClaims, type GroupId } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { FocusKeeper } from '../focus-keeper.ts';
import type { LiveStore } from '../live-store.ts';
import { DeviceCard } from './device-card.tsx';
import { EmptySite } from './empty-site.tsx';
import { ClaimCard } from './claim-card.tsx';
import { GroupNav, GroupSection } from './group-section.tsx';

interface Props {
  store: LiveStore;
  open: (dialog: Dialog) => void;
  focus: FocusKeeper;
}

/** Fewer than these are found at a glance. */
const FILTER_FROM = 8;

/** Everything on the LAN that is, or may become, a node, in groups: first what needs the operator. */
export function SiteList({ store, open, focus }: Props) {
  const filter = useSignal('');
  // Here and not on the card: a card that moves to another group is made anew.
  const detailed = useSignal<ReadonlySet<string>>(new Set());
  // A link to a card may lead to where the filter or a folded group hides it.
  useEffect(() => {
    const reveal = (): void => {
      filter.value = '';
      requestAnimationFrame(() => {
        const heading = document.getElementById(location.hash.slice(1));
        const folded = heading?.closest('details');
        if (folded !== null && folded !== undefined) folded.open = true;
        heading?.focus();
      });
    };
    const onHash = (): void => {
      if (location.hash.startsWith('#device-')) reveal();
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, [filter]);
  const devices = store.devices.value;
  if (devices === undefined) return <p class="splash">Looking at the site …</p>;
  const claims = openClaims(store.claims.value, devices);
  if (devices.length + claims.length === 0) return <EmptySite open={open} />;

  const words = filter.value.toLowerCase().split(/\s+/);
  const shown = devices.filter((device) => words.every((word) => textOf(device).includes(word)));
  const shownClaims = claims.filter((claim) => words.every((word) => claimText(claim).includes(word)));
  const members = Map.groupBy(shown, groupOf);
  members.get('ready')?.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const conflicts = shownClaims.filter((claim) => claim.phase === 'Conflict');
  const waiting = shownClaims.filter((claim) => claim.phase === 'Waiting');
  const claimsOf = (id: GroupId): ClaimView[] => (id === 'attention' ? conflicts : id === 'way' ? waiting : []);
  const groups = GROUPS.map((group) => ({ group, devices: members.get(group.id) ?? [], claims: claimsOf(group.id) }));
  const filled = groups.filter((each) => each.devices.length + each.claims.length > 0);
  return (
    <>
      <div class="toolbar">
        <GroupNav groups={filled.map((each) => ({ ...each.group, count: each.devices.length + each.claims.length }))} />
        {(devices.length >= FILTER_FROM || filter.value !== '') && (
          <input
            type="search"
            aria-label="Filter by name, id, address or label"
            placeholder="Filter: name, id, address, label"
            value={filter.value}
            onInput={(event) => (filter.value = event.currentTarget.value)}
          />
        )}
      </div>
      {filled.length === 0 && <p class="splash">Nothing fits the filter.</p>}
      {filled.map(({ group, devices: of, claims: ofClaims }) => (
        <GroupSection key={group.id} group={group} count={of.length + ofClaims.length}>
          {ofClaims.map((claim) => (
            <ClaimCard key={`claim/${claim.name}`} claim={claim} open={open} />
          ))}
          {of.map((device) => (
            <DeviceCard key={device.id} device={device} detailed={detailed} store={store} open={open} focus={focus} />
          ))}
        </GroupSection>
      ))}
    </>
  );
}

function textOf(device: DeviceView): string {
  const labels = Object.entries(device.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [device.id, device.shortId, device.nodeName, device.claim, device.hostname, device.ip, device.serial]
    .concat(device.model, device.macs, labels, device.stage)
    .join(' ')
    .toLowerCase();
}

function claimText(claim: ClaimView): string {
  const labels = Object.entries(claim.labels).map(([key, value]) => `${key}=${value}`);
  return [claim.name, claim.nodeName, ...Object.values(claim.match), ...labels].join(' ').toLowerCase();
}
