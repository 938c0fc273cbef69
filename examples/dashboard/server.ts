import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { liveHtml, type Live, pageHtml, SCRIPT, STYLE } from './page.ts';

const MOST_VIEWERS = 50;
const HEADERS = {
  // Nothing but what comes from here; a script only as a file.
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export interface DashboardOptions {
  readonly live: () => Live;
  readonly nowMs: () => number;
}

/** The dashboard's web server: one page, and the stream of what changes on it (server-sent events). */
export class DashboardServer {
  readonly server: Server;
  readonly #options: DashboardOptions;
  readonly #viewers = new Set<ServerResponse>();

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  /** Sends everybody what there is now. */
  refresh(): void {
    if (this.#viewers.size === 0) return;
    const event = this.#event();
    for (const viewer of this.#viewers) {
      // Who does not read gets less, not a queue.
      if (viewer.writableLength === 0) viewer.write(event);
    }
  }

  #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    if (method === 'GET' && url === '/events' && this.#viewers.size < MOST_VIEWERS) {
      this.#follow(response);
      return;
    }
    const [status, type, body] = method === 'GET' || method === 'HEAD' ? this.#contentOf(url) : [405, 'text/plain', ''];
    response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8` });
    response.end(body);
  }

  #contentOf(url: string | undefined): readonly [status: number, type: string, body: string] {
    const { live, nowMs } = this.#options;
    switch (url) {
      case '/':
        return [200, 'text/html', pageHtml(live(), nowMs())];
      case '/style.css':
        return [200, 'text/css', STYLE];
      case '/live.js':
        return [200, 'text/javascript', SCRIPT];
      case '/healthz':
        return [200, 'text/plain', 'ok\n'];
      case '/events':
        return [503, 'text/plain', ''];
      default:
        return [404, 'text/plain', ''];
    }
  }

  #follow(response: ServerResponse): void {
    this.#viewers.add(response);
    response.on('close', () => this.#viewers.delete(response));
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(this.#event());
  }

  #event(): string {
    const { live, nowMs } = this.#options;
    return `data: ${JSON.stringify(liveHtml(live(), nowMs()))}\n\n`;
  }
}
