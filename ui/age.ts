/** A span of time as people say it: 12 s, 4 min, 3 h, 2 d. Below zero (clocks differ a little) is 0 s. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h`;
  return `${String(Math.floor(seconds / 86_400))} d`;
}

/** The time of day (or the day, when it is another one) in the reader's own way. */
export function timeText(at: string | number, nowMs: number): string {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date(nowMs).toDateString();
  return isToday
    ? moment.toLocaleTimeString()
    : moment.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
