import { LiveEvent } from '../core/schemas.ts';

export interface ReceivedEvent {
  id: string;
  event: LiveEvent;
}

/** Longest unfinished event that is kept: a snapshot of a full site. */
const MAX_EVENT_CHARS = 64 * 1024 * 1024;

/**
 * The events of a `text/event-stream` (WHATWG HTML, section 9.2.6), as far as the appliance uses the format: `id`,
 * `data`, comments. Data that is no known event (of a newer appliance) is passed over.
 */
export async function* readEvents(
  body: AsyncIterable<Buffer | string>,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const received = parseEvent(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (received !== undefined) yield received;
    }
    if (rest.length > MAX_EVENT_CHARS) return;
  }
}

function parseEvent(block: string): ReceivedEvent | undefined {
  let id = '';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) id = line.slice(3).trim();
    else if (line.startsWith('data:')) data += line.slice(5).trimStart();
  }
  if (data === '') return undefined;
  const event = LiveEvent.safeParse(JSON.parse(data));
  return event.success ? { id, event: event.data } : undefined;
}
