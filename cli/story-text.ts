import type { StoryView } from '../api/client/types.ts';
import { paint, safe } from './output.ts';

const MAX_LINE = 300;

/** What happened to a device, one line each, oldest first; a remedy stands below what went wrong. */
export function storyText(story: StoryView, color: boolean): string {
  const lines = story.entries.flatMap((entry) => {
    const took = entry.tookMs === undefined ? '' : ` (after ${durationText(entry.tookMs)})`;
    const times = entry.count === undefined ? '' : ` (${entry.count} times)`;
    const what = `${entry.from.padEnd(6)}  ${safe(entry.reason).padEnd(18)}`;
    const words = `  ${clockText(entry.at)}  ${what}  ${safe(entry.message, MAX_LINE)}${times}${took}`;
    const line = color && entry.type === 'Warning' ? paint(words, 'bad') : words;
    return entry.remedy === undefined ? [line] : [line, `${' '.repeat(52)}remedy: ${safe(entry.remedy, MAX_LINE)}`];
  });
  return ['Story (times in UTC):', ...lines].join('\n');
}

/** Day and time to a tenth of a second: what happens within one join is told apart. */
function clockText(rfc3339: string): string {
  return rfc3339.slice(5, 21).replace('T', ' ');
}

/** 850 ms, 12.3 s, 4 min, 3 h, 2 d. */
function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}
