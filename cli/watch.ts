import type { DeviceView, LiveEvent } from '../api/client/types.ts';
import type { Context } from './context.ts';
import { deviceColumns } from './device-text.ts';
import { document, jsonLine } from './output.ts';

/**
 * `usher devices --watch`: on a terminal the table, redrawn in place; into a pipe a table row for each change; for
 * programs one document for each event. Ends on Ctrl-C.
 */
export async function watchDevices(context: Context): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const rows = new Map<string, DeviceView>();
  const show = showerFor(context);
  try {
    for await (const { event } of context.client().events(stop.signal)) {
      const changed = applyEvent(rows, event);
      if (changed !== undefined) show(rows, changed, event);
    }
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

type Shower = (rows: ReadonlyMap<string, DeviceView>, changed: readonly DeviceView[], event: LiveEvent) => void;

function showerFor(context: Context): Shower {
  const columns = deviceColumns(() => context.clock.nowMs());
  if (context.format === 'json') return (_rows, _changed, event) => context.print(jsonLine(event));
  if (context.format === 'yaml') return (_rows, _changed, event) => context.print(`---\n${document('yaml', event)}`);
  if (process.stdout.isTTY) {
    return (rows) => context.redraw(context.tableOf([...rows.values()], columns));
  }
  return (_rows, changed) => {
    if (changed.length > 0) context.print(context.tableOf(changed, columns));
  };
}

/** Brings `rows` up to date; gives the rows that changed, or undefined when the event is not about devices. */
export function applyEvent(rows: Map<string, DeviceView>, event: LiveEvent): DeviceView[] | undefined {
  if (event.type === 'snapshot') {
    rows.clear();
    for (const device of event.devices) rows.set(device.id, device);
    return event.devices;
  }
  if (event.type === 'device') {
    rows.set(event.device.id, event.device);
    return [event.device];
  }
  if (event.type === 'device-removed') {
    rows.delete(event.id);
    return [];
  }
  return undefined;
}
