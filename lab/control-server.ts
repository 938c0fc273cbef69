import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { asUsherError, messageOf, UsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { AddRequest, SETTINGS, type Setting, VERBS, type Verb, type WeatherSetting } from './core/control.ts';
import { SWITCH } from './core/names.ts';
import type { LabStatus, MachineStatus } from './core/status.ts';

/** What the control socket may do to a lab. */
export interface ControlledLab {
  status(): Promise<LabStatus>;
  plug(machine: string): Promise<void>;
  unplug(machine: string): Promise<void>;
  kill(machine: string): Promise<void>;
  boot(machine: string): Promise<void>;
  reflash(machine: string): Promise<void>;
  addPi(options: AddRequest): Promise<{ name: string }>;
  readonly weather: { set(machine: string, setting: WeatherSetting, value: string): Promise<void> };
  readonly wiring: { set(machine: string, value: string): Promise<void> };
}

const MAX_BODY_BYTES = 4096;

/**
 * HTTP on a unix socket that only root can reach: GET /status, POST /machines (a new Pi, plugged in at once), and
 * POST /machines/NAME/VERB or /machines/NAME/SETTING/VALUE. Refusals carry an error of the catalogue.
 */
export class ControlServer {
  readonly #lab: ControlledLab;
  readonly #logger: Logger;
  readonly #server: Server;

  constructor(lab: ControlledLab, logger: Logger) {
    this.#lab = lab;
    this.#logger = logger;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** @throws UsherError LISTEN_FAILED */
  async listen(path: string): Promise<void> {
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(new UsherError('LISTEN_FAILED', { address: path, detail: messageOf(error) }, { cause: error }));
      });
      this.#server.listen(path, resolve);
    });
    await chmod(path, 0o600);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, 200, await this.#carryOut(request));
    } catch (error) {
      const refusal = asUsherError(error);
      this.#logger.debug({ url: request.url, code: refusal.code }, 'A lab command was refused');
      send(response, refusal.http, { error: { ...refusal.toBody(), params: refusal.params } });
    }
  }

  async #carryOut(request: IncomingMessage): Promise<LabStatus | MachineStatus> {
    const [, first = '', name = '', verb = '', value = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
    if (request.method === 'GET' && first === 'status') return this.#lab.status();
    if (request.method === 'POST' && first === 'machines') {
      if (name === '') return this.#add(await bodyOf(request));
      if (isVerb(verb)) {
        await this.#lab[verb](name);
        return this.#statusOf(name);
      }
      if (isSetting(verb)) {
        if (verb === 'adapter') await this.#lab.wiring.set(name, value);
        else await this.#lab.weather.set(name, verb, value);
        return name === SWITCH ? this.#lab.status() : this.#statusOf(name);
      }
    }
    throw new UsherError('ROUTE_UNKNOWN', { path: request.url ?? '' });
  }

  async #add(body: string): Promise<MachineStatus> {
    const { name } = await this.#lab.addPi(parseAdd(body));
    await this.#lab.plug(name);
    return this.#statusOf(name);
  }

  async #statusOf(name: string): Promise<MachineStatus> {
    const { machines } = await this.#lab.status();
    const machine = machines.find((each) => each.name === name);
    if (machine === undefined) throw new UsherError('LAB_MACHINE_UNKNOWN', { machine: name });
    return machine;
  }
}

function parseAdd(body: string): AddRequest {
  try {
    return AddRequest.parse(JSON.parse(body === '' ? '{}' : body));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsherError('REQUEST_INVALID', { detail }, { cause: error });
  }
}

function isVerb(text: string): text is Verb {
  return (VERBS as readonly string[]).includes(text);
}

function isSetting(text: string): text is Setting {
  return Object.hasOwn(SETTINGS, text);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new UsherError('REQUEST_TOO_LARGE', { limitBytes: MAX_BODY_BYTES });
  }
  return text;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
