import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleAgent } from '../bootstrap-image/agent/bundle.ts';
import { cardFiles, type CardOptions } from '../bootstrap-image/card.ts';
import { type Bind, LAB_FOLDER } from './core/mount-plan.ts';
import { type Card, NODE_ON_CARD } from './disk.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const INIT = fileURLToPath(new URL('machine/init.ts', import.meta.url));
const SOURCES = `${LAB_FOLDER}/sources`;

/** What a virtual Pi sees of the host besides its disk: Node, and the init that stands in for systemd. */
export const PI_BINDS: readonly Bind[] = [
  { from: process.execPath, to: NODE_ON_CARD },
  { from: process.execPath, to: `${LAB_FOLDER}/node` },
  // Only what init.ts imports, and the package.json by which Node knows that it is a module.
  ...['lab', 'foundation', 'package.json'].map((name) => ({ from: join(PROJECT, name), to: `${SOURCES}/${name}` })),
];

/** The main process of a virtual Pi. */
export const PI_COMMAND: readonly string[] = [`${LAB_FOLDER}/node`, join(SOURCES, relative(PROJECT, INIT))];

/** Makes the very files that go on a real card, with the agent as it is in this checkout. */
export class CardWriter {
  readonly #bundle: string;
  #bundled: Promise<unknown> | undefined;

  /** @param folder where the agent's bundle is put, once */
  constructor(folder: string) {
    this.#bundle = join(folder, 'agent.mjs');
  }

  /** @param usherJson what the card is personalised with; left out for a card that belongs to no site */
  async write(usherJson?: CardOptions['usherJson']): Promise<Card> {
    this.#bundled ??= this.#makeBundle();
    await this.#bundled;
    return cardFiles({
      agentBundle: this.#bundle,
      nodeBinary: process.execPath,
      ...(usherJson === undefined ? {} : { usherJson }),
    });
  }

  async #makeBundle(): Promise<void> {
    await mkdir(join(this.#bundle, '..'), { recursive: true });
    await bundleAgent(this.#bundle);
  }
}
