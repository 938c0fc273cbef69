import { Option, type Command } from 'commander';
import { ApiClient } from '../api/client/api-client.ts';
import { findAppliance, type Appliance } from '../api/client/find-appliance.ts';
import { systemClock, type Clock } from '../foundation/clock.ts';
import { withSuggestion, type Named } from './did-you-mean.ts';
import { document, FORMATS, REDRAW, table, tame, type Column, type Format } from './output.ts';

interface CommonOptions {
  output?: Format;
  server?: string;
  tokenFile?: string;
  color?: boolean;
}

/** Adds the options that every command has; they may also stand before the command's name. */
export function withCommonOptions(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print (default: table)').choices(FORMATS))
    .option('--server <url>', 'the appliance to talk to (USHER_SERVER)')
    .option('--token-file <file>', 'a cli.json of that appliance (USHER_TOKEN_FILE)')
    .option('--no-color', 'no colours (NO_COLOR)');
}

/** What a command works with: the appliance, and how to print. */
export class Context {
  readonly clock: Clock = systemClock;
  readonly #options: CommonOptions;
  #client: ApiClient | undefined;

  constructor(command: Command) {
    this.#options = givenOptions(command);
  }

  get format(): Format {
    return this.#options.output ?? 'table';
  }

  get color(): boolean {
    if (this.#options.color === false || (process.env['NO_COLOR'] ?? '') !== '') return false;
    return process.stdout.isTTY;
  }

  /** @throws UsherError as {@link findAppliance} */
  appliance(): Appliance {
    return findAppliance({ server: this.#options.server, tokenFile: this.#options.tokenFile, env: process.env });
  }

  client(): ApiClient {
    this.#client ??= new ApiClient(this.appliance());
    return this.#client;
  }

  /**
   * Runs `work`, then gives the connections back so that the process can end. `named`: what the command line named, so
   * that an error about something unknown can say what was probably meant.
   */
  async using(work: () => Promise<void>, named: Named = {}): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw await withSuggestion(error, named, () => this.client());
    } finally {
      this.#client?.close();
    }
  }

  print(text: string): void {
    const tamed = tame(text);
    process.stdout.write(tamed.endsWith('\n') ? tamed : `${tamed}\n`);
  }

  /** Draws the text in place of what the terminal shows. */
  redraw(text: string): void {
    process.stdout.write(`${REDRAW}${tame(text)}\n`);
  }

  /** A line for the person at the terminal, beside the data: on stderr, and not when a program reads. */
  say(text: string): void {
    if (this.format === 'table' || this.format === 'wide') process.stderr.write(`${tame(text)}\n`);
  }

  /** A list as a table for people, or as `{items}` for programs. */
  printList<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    if (this.format === 'json' || this.format === 'yaml') this.print(document(this.format, { items: rows }));
    else if (rows.length === 0) this.say(empty);
    else this.print(this.tableOf(rows, columns));
  }

  tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
    // A terminal that does not know its size says 0.
    const width = process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;
    return table(columns, rows, { wide: this.format === 'wide', color: this.color, width });
  }

  /** One thing: as words for people, or as it is for programs. */
  printOne(data: unknown, words: () => string): void {
    if (this.format === 'json' || this.format === 'yaml') this.print(document(this.format, data));
    else this.print(words());
  }
}

/** Options as given on the command line, of the command and of those above it; the nearest wins. */
function givenOptions(command: Command): CommonOptions {
  const given: Record<string, unknown> = {};
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const options: Record<string, unknown> = at.opts();
    for (const [name, value] of Object.entries(options)) {
      if (at.getOptionValueSource(name) === 'cli') given[name] ??= value;
    }
  }
  return given;
}
