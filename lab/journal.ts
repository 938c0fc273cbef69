import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasErrno, UsherError } from '../foundation/errors.ts';
import { MachineLock } from './machine-lock.ts';
import { isRunning, markOf, type ProcessMark, readIfThere } from './tools.ts';

const Mark = z.object({ pid: z.int().positive(), startTicks: z.string() });
const Entry = z.object({
  /** The process that runs the lab. */
  owner: Mark,
  labDir: z.string(),
  /** Processes of the lab outside the machines' pid namespaces. */
  processes: z.array(Mark),
  /** Folders of cgroups, written down before they are made. */
  cgroups: z.array(z.string()),
});
/** What a lab has on this machine besides its namespaces, which are known by their names. */
export type JournalEntry = z.infer<typeof Entry>;

/** Forgotten by a reboot, as is everything that it tells of. */
const DEFAULT_FOLDER = '/run/usher-lab';
const TAKE_POLL_MS = 10;

/**
 * The lock of a lab and its list of what must go when it ends, in one file. The name of a lab is taken on the whole
 * machine, because namespaces are. A crash leaves the file behind; the next start reads in it what to sweep.
 */
export class LabJournal {
  readonly #path: string;
  #entry: JournalEntry;
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, entry: JournalEntry) {
    this.#path = path;
    this.#entry = entry;
  }

  /**
   * Takes the name; `leftovers` is what earlier holders that died had.
   * @throws UsherError LAB_ALREADY_RUNNING
   */
  static async take(
    name: string,
    labDir: string,
    folder: string = DEFAULT_FOLDER,
  ): Promise<{ journal: LabJournal; leftovers: Leftover[] }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const owner = await markOf(process.pid);
    if (owner === undefined) throw new UsherError('INTERNAL', { detail: '/proc does not show this process' });
    const entry: JournalEntry = { owner, labDir, processes: [], cgroups: [] };
    const path = join(folder, `${name}.json`);
    // Of two that find the journal of a dead lab, the slower would set aside the one that the faster has just written.
    const lock = await MachineLock.take(path, { pollMs: TAKE_POLL_MS });
    try {
      await setAside(path, name);
      await create(path, entry);
    } finally {
      await lock.release();
    }
    return { journal: new LabJournal(path, entry), leftovers: await stale(folder, name) };
  }

  /** The entry of a running lab of that name, or undefined. */
  static async find(name: string, folder: string = DEFAULT_FOLDER): Promise<JournalEntry | undefined> {
    const text = await readIfThere(join(folder, `${name}.json`));
    const entry = text === undefined ? undefined : parse(text);
    return entry !== undefined && (await isRunning(entry.owner)) ? entry : undefined;
  }

  /** Names of the labs that have a journal, running or dead. */
  static async names(folder: string = DEFAULT_FOLDER): Promise<string[]> {
    try {
      const files = await readdir(folder);
      return [...new Set(files.flatMap((file) => /^(.+)\.json(\.stale-.+)?$/.exec(file)?.[1] ?? []))];
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async addProcess(mark: ProcessMark): Promise<void> {
    await this.#update({ processes: [...this.#entry.processes, { ...mark }] });
  }

  async removeProcess(pid: number): Promise<void> {
    await this.#update({ processes: this.#entry.processes.filter((mark) => mark.pid !== pid) });
  }

  async addCgroups(folders: readonly string[]): Promise<void> {
    await this.#update({ cgroups: [...new Set([...this.#entry.cgroups, ...folders])] });
  }

  /** Gives the name back; everything that the journal told of must be gone. */
  async release(): Promise<void> {
    await this.#written;
    await rm(this.#path, { force: true });
  }

  async #update(change: Partial<JournalEntry>): Promise<void> {
    this.#entry = { ...this.#entry, ...change };
    const text = JSON.stringify(this.#entry);
    const next = `${this.#path}.next`;
    this.#written = this.#written.then(async () => {
      await writeFile(next, text, { mode: 0o600 });
      await rename(next, this.#path);
    });
    await this.#written;
  }
}

/** The journal of a lab that died, to be removed with `forget` once it is swept. */
export interface Leftover {
  readonly entry: JournalEntry | undefined;
  forget(): Promise<void>;
}

/** Whoever reads it finds nothing, or its whole content. */
async function create(path: string, entry: JournalEntry): Promise<void> {
  const draft = `${path}.draft-${randomUUID()}`;
  await writeFile(draft, JSON.stringify(entry), { mode: 0o600 });
  await rename(draft, path);
}

/** Moves the journal of a dead lab out of the way. @throws UsherError LAB_ALREADY_RUNNING */
async function setAside(path: string, name: string): Promise<void> {
  const text = await readIfThere(path);
  if (text === undefined) return;
  const entry = parse(text);
  if (entry !== undefined && (await isRunning(entry.owner))) {
    throw new UsherError('LAB_ALREADY_RUNNING', { name, pid: entry.owner.pid });
  }
  try {
    await rename(path, `${path}.stale-${randomUUID()}`);
  } catch (error) {
    // Its owner gave the name back and ended just now.
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

async function stale(folder: string, name: string): Promise<Leftover[]> {
  const files = (await readdir(folder)).filter((file) => file.startsWith(`${name}.json.stale-`));
  return Promise.all(
    files.map(async (file) => ({
      entry: parse(await readFile(join(folder, file), 'utf8')),
      forget: () => rm(join(folder, file), { force: true }),
    })),
  );
}

function parse(text: string): JournalEntry | undefined {
  try {
    return Entry.parse(JSON.parse(text));
  } catch (error) {
    // A file cut short by a power failure tells nothing; its namespaces are still found by name.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
