import { request } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { CATALOGUE, type ErrorCode } from '../foundation/error-catalogue.ts';
import { messageOf, UsherError } from '../foundation/errors.ts';
import { type AddRequest, CONTROL_SOCKET, ControlRefusal, type Setting, type Verb } from './core/control.ts';
import { LabStatus, MachineStatus } from './core/status.ts';
import { LabJournal } from './journal.ts';

/** Longer than any verb takes: a reflash asks the appliance for a card first. */
const TIMEOUT_MS = 60_000;

/** The running lab of a name, reached by its control socket. Errors are those that the lab threw. */
export class ControlClient {
  readonly #name: string;
  readonly #socket: string;

  private constructor(name: string, socket: string) {
    this.#name = name;
    this.#socket = socket;
  }

  /** @throws UsherError NEEDS_ROOT, LAB_NOT_RUNNING */
  static async find(name: string): Promise<ControlClient> {
    if (process.getuid?.() !== 0) throw new UsherError('NEEDS_ROOT', { what: 'usher lab' });
    const entry = await LabJournal.find(name);
    if (entry === undefined) throw new UsherError('LAB_NOT_RUNNING', { name });
    return new ControlClient(name, join(entry.labDir, CONTROL_SOCKET));
  }

  status(): Promise<LabStatus> {
    return this.#call(LabStatus, 'GET', '/status');
  }

  /** Plugs in, pulls, kills, boots or reflashes a machine and gives how it stands then. */
  do(machine: string, verb: Verb): Promise<MachineStatus> {
    return this.#call(MachineStatus, 'POST', `/machines/${encodeURIComponent(machine)}/${verb}`);
  }

  /** Sets something on a machine (or, of `link`, on the switch) and gives how the lab stands then. */
  set(machine: string, setting: Setting, value: string): Promise<LabStatus | MachineStatus> {
    const path = [machine, setting, value].map(encodeURIComponent).join('/');
    return this.#call(z.union([LabStatus, MachineStatus]), 'POST', `/machines/${path}`);
  }

  /** Adds a Pi with a new card and plugs it in. */
  add(options: AddRequest): Promise<MachineStatus> {
    return this.#call(MachineStatus, 'POST', '/machines', options);
  }

  async #call<Shape extends z.ZodType>(
    shape: Shape,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.infer<Shape>> {
    const reply = await this.#send(method, path, body === undefined ? '' : JSON.stringify(body));
    const parsed: unknown = JSON.parse(reply);
    const refusal = ControlRefusal.safeParse(parsed);
    if (!refusal.success) return shape.parse(parsed);
    const { code, message, params } = refusal.data.error;
    if (Object.hasOwn(CATALOGUE, code)) throw new UsherError(code as ErrorCode, params);
    throw new UsherError('INTERNAL', { detail: `${message} [${code}]` });
  }

  #send(method: string, path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: this.#socket, method, path, timeout: TIMEOUT_MS }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => {
          resolve(text);
        });
      });
      outgoing.once('timeout', () => {
        outgoing.destroy(new UsherError('TIMED_OUT', { what: `${method} ${path}`, limitMs: TIMEOUT_MS }));
      });
      outgoing.once('error', (error) => {
        if (error instanceof UsherError) reject(error);
        // The lab is still coming up, or going down.
        else reject(new UsherError('LAB_NOT_RUNNING', { name: this.#name }, { cause: messageOf(error) }));
      });
      outgoing.end(body);
    });
  }
}
