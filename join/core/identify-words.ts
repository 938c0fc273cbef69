import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';

// Words of three to nine letters that are told apart when shouted across a hall and read from two metres away.
const COLOURS = [
  ...['amber', 'azure', 'black', 'bronze', 'brown', 'coral', 'crimson', 'cyan', 'golden', 'green', 'grey', 'indigo'],
  ...['ivory', 'lemon', 'lilac', 'olive', 'orange', 'pink', 'purple', 'red', 'ruby', 'silver', 'violet', 'white'],
] as const;
const ANIMALS = [
  ...['badger', 'beaver', 'bison', 'camel', 'cobra', 'condor', 'crab', 'dolphin', 'donkey', 'eagle', 'falcon'],
  ...['ferret', 'gecko', 'giraffe', 'hamster', 'heron', 'iguana', 'jaguar', 'koala', 'lemur', 'lizard', 'llama'],
  ...['lobster', 'magpie', 'marmot', 'moose', 'newt', 'octopus', 'otter', 'panda', 'parrot', 'pelican', 'penguin'],
  ...['puffin', 'rabbit', 'raven', 'salmon', 'seal', 'shark', 'spider', 'squid', 'stork', 'tiger', 'toucan'],
  ...['turtle', 'walrus', 'weasel', 'zebra'],
] as const;

/**
 * A colour and an animal, such as `amber otter`, that is none of `taken`: so that of two devices that show themselves at
 * once each shows its own.
 */
export function identifyWords(random: Random, taken: ReadonlySet<string>): string {
  const pairs = COLOURS.length * ANIMALS.length;
  if (taken.size >= pairs) throw new UsherError('INTERNAL', { detail: 'every pair of words is being shown' });
  const [high = 0, low = 0] = random.bytes(2);
  for (let at = (high * 256 + low) % pairs; ; at = (at + 1) % pairs) {
    const words = `${COLOURS[at % COLOURS.length] ?? ''} ${ANIMALS[Math.floor(at / COLOURS.length)] ?? ''}`;
    if (!taken.has(words)) return words;
  }
}
