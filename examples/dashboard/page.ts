import type { ActiveNode, Reading } from './board.ts';

/** Older than this a value is shown as old. */
const OLD_MS = 10_000;

/** A part of the page that changes. */
export interface Live {
  readonly readings: readonly Reading[];
  readonly active: readonly ActiveNode[];
  readonly isConnected: boolean;
}

/** The whole page; what changes is in it already, for browsers without a script. */
export function pageHtml(live: Live, nowMs: number): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Site</title>
<link rel="stylesheet" href="/style.css">
<h1>Site</h1>
<main id="live">${liveHtml(live, nowMs)}</main>
<script src="/live.js" defer></script>
</html>
`;
}

/** What changes. Everything that came from the broker is text here, never markup. */
export function liveHtml({ readings, active, isConnected }: Live, nowMs: number): string {
  const trouble = isConnected ? '' : '<p role="alert">The broker is not there: nothing new is heard.</p>';
  const nodes = active.map(({ service, unit, node, epoch, atMs }) =>
    row([service, unit, node, String(epoch), ageText(nowMs - atMs)], nowMs - atMs),
  );
  const values = readings.map(({ topic, payload, node = '', atMs, isKept }) =>
    row([topic, payload, node, isKept ? 'kept' : ageText(nowMs - atMs)], nowMs - atMs),
  );
  return `${trouble}
<h2>Active</h2>${table(['Service', 'Unit', 'Node', 'Epoch', 'Heard'], nodes)}
<h2>Last values</h2>${table(['Topic', 'Value', 'From', 'Age'], values)}`;
}

/** `text` as text of HTML; also what a terminal or a reader would take as a change of direction is made visible. */
export function escapeHtml(text: string): string {
  return text
    .replace(/\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\u{fffd}')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `12 s`, `3 min`, `2 h`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function table(titles: readonly string[], rows: readonly string[]): string {
  if (rows.length === 0) return '<p>Nothing yet.</p>';
  const head = titles.map((title) => `<th scope="col">${title}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function row(cells: readonly string[], ageMs: number): string {
  const isOld = ageMs > OLD_MS ? ' class="old"' : '';
  return `<tr${isOld}>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
}

export const STYLE = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid light-dark(#ccc, #444); overflow-wrap: anywhere; }
td { font-variant-numeric: tabular-nums; }
.old { color: light-dark(#666, #999); }
[role=alert] { color: light-dark(#a00, #f88); }
`;

/** An event is the new content, escaped by {@link liveHtml}; JSON so that it is one line. */
export const SCRIPT = `const live = document.getElementById('live');
const source = new EventSource('/events');
source.onmessage = ({ data }) => { live.innerHTML = JSON.parse(data); };
source.onerror = () => live.classList.add('old');
source.onopen = () => live.classList.remove('old');
`;
