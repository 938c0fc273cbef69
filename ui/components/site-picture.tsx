import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { DeviceView } from '../../api/core/schemas.ts';
import { GROUPS } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { pictureOf, placingKeys, PICTURE_WIDTH, type PictureNode, type PicturePlace } from '../picture.ts';
import { deviceHref } from '../route.ts';
import { useWords } from '../words.tsx';

interface Props {
  devices: readonly DeviceView[];
  store: LiveStore;
}

const RING = 17;
const ROUND = 2 * Math.PI * RING;

/** The site as it hangs together: the network, the master, and every device where it is and how far it is. */
export function SitePicture({ devices, store }: Props) {
  const { m } = useWords();
  const by = useSignal('');
  const keys = useMemo(() => placingKeys(devices), [devices]);
  const key = keys.includes(by.value) ? by.value : undefined;
  const picture = useMemo(() => pictureOf(devices, key), [devices, key]);
  const site = store.site.value;
  const middle = PICTURE_WIDTH / 2;
  return (
    <details class="picture-part" open={matchMedia('(min-width: 1000px)').matches}>
      <summary>
        <span class="h">{m.picture.title}</span>
      </summary>
      {keys.length > 0 && (
        <label class="inline">
          {m.picture.groupBy}
          <select value={key ?? ''} onChange={(event) => (by.value = event.currentTarget.value)}>
            <option value="">{m.picture.byGroup}</option>
            {keys.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      )}
      <svg
        class="picture"
        viewBox={`0 0 ${String(PICTURE_WIDTH)} ${String(picture.height)}`}
        role="group"
        aria-label={`${m.picture.title}: ${m.picture.summary(devices.length)}`}
      >
        <path class="wire" d={`M${String(middle)} 34V58M${String(middle)} 90V${String(picture.height - 20)}`} />
        <Box x={middle - 75} y={2} text={m.picture.router} detail="" />
        <Box
          x={middle - 75}
          y={58}
          text={`${m.picture.master} · ${site?.interfaces[0]?.addresses[0] ?? ''}`}
          detail={site?.kubernetes.ready === false ? 'bad' : 'good'}
        />
        {picture.places.map((place) => (
          <Place key={place.name} place={place} by={key} />
        ))}
      </svg>
      {key !== undefined && (
        <ul class="legend">
          {GROUPS.map((group) => (
            <li key={group} class={`in-${group}`}>
              <span class="dot" aria-hidden="true" />
              {m.picture.legend[group]}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function Box({ x, y, text, detail }: { x: number; y: number; text: string; detail: string }) {
  return (
    <g class={`box ${detail}`}>
      <rect x={x} y={y} width="150" height="32" rx="8" />
      <text x={x + 75} y={y + 21} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function Place({ place, by }: { place: PicturePlace; by: string | undefined }) {
  const { m } = useWords();
  const group = GROUPS.find((id) => by === undefined && id === place.name);
  const title = group === undefined ? (place.name === '' ? m.picture.elsewhere : place.name) : m.groups[group].title;
  return (
    <g class="place">
      <rect x="8" y={place.y} width={PICTURE_WIDTH - 16} height={place.height} rx="10" />
      <text class="place-name" x="20" y={place.y + 18}>
        {title.slice(0, 34)}
      </text>
      <text class="count" x={PICTURE_WIDTH - 20} y={place.y + 18} text-anchor="end">
        {place.count}
      </text>
      {place.nodes.map((node) => (
        <Node key={node.id} node={node} />
      ))}
      {place.cluster?.parts.map((part) => (
        <rect
          key={part.group}
          class={`part in-${part.group}`}
          x={part.x}
          y={place.y + 32}
          width={part.width}
          height="18"
        />
      ))}
    </g>
  );
}

function Node({ node }: { node: PictureNode }) {
  return (
    <a href={deviceHref(node.id)} class={`node in-${node.group}`}>
      <circle cx={node.x} cy={node.y} r="13" />
      {node.done !== undefined && (
        <circle
          class="ring"
          cx={node.x}
          cy={node.y}
          r={RING}
          stroke-dasharray={`${String(ROUND * node.done)} ${String(ROUND)}`}
          transform={`rotate(-90 ${String(node.x)} ${String(node.y)})`}
        />
      )}
      <text x={node.x} y={node.y + 30} text-anchor="middle">
        {node.name}
      </text>
    </a>
  );
}
