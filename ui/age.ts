import type { Words } from './messages/words.ts';

/** A span of time as people say it: 12 s, 4 min, 3 h, 2 d. Below zero (clocks differ a little) is 0 s. */
export function spanText(ms: number, { m }: Pick<Words, 'm'>): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return m.span.seconds(seconds);
  if (seconds < 3600) return m.span.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return m.span.hours(Math.floor(seconds / 3600));
  return m.span.days(Math.floor(seconds / 86_400));
}

/** The time of day (or the day, when it is another one) in the reader's own way. */
export function timeText(at: string | number, nowMs: number, { locale }: Pick<Words, 'locale'>): string {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date(nowMs).toDateString();
  return isToday
    ? moment.toLocaleTimeString(locale)
    : moment.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
}

/** A day in the reader's own way. */
export function dayText(at: string, { locale }: Pick<Words, 'locale'>): string {
  return new Date(at).toLocaleDateString(locale, { dateStyle: 'medium' });
}
