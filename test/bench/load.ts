import { loadavg } from 'node:os';

/** The load average of this machine over 1, 5 and 15 minutes, as every bench tells it beside its figures. */
export function load(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
}
