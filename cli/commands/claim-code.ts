import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { genericCard, pageOnLan } from '../../api/client/generic-card.ts';
import { toUsherError } from '../../api/client/http.ts';
import type { ClaimCodeView } from '../../api/client/types.ts';
import { sleep } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { systemRandom } from '../../foundation/random.ts';
import { Context, withCommonOptions } from '../context.ts';
import { parseSeconds } from '../parse.ts';

const LOOK_MS = 300;
const DEFAULT_WAIT_SEC = 30;

const CODE_HELP = `
A device of a generic card shows a claim code on its screen, as a QR code and as text; some boards have it on a label.
Entering it lets the device and the appliance prove to each other that they know it, without sending it. It claims nothing:
usher claim NAME --code CODE does both.

<code> is the URL of the QR code, or what stands below it. A label's sixteen characters alone need --device when several
devices wait for a code.

Examples:
  usher code QK4T7M-K7QF-2M9X-TR4C-8WHD
  usher code K7QF2M9XTR4C8WHD --device k4t7m2
  usher code QK4T7M-K7QF-2M9X-TR4C-8WHD --timeout 2m`;

const CARD_HELP = `
A generic card belongs to no site and holds no secret, so that one image serves for all boards. Its devices show a claim code
on their screens. With --label the code is made now, printed this once, and put on the card: write it on the board.

Examples:
  usher generic-card /media/bootfs/usher.json
  usher generic-card /media/bootfs/usher.json --label
  usher generic-card usher.json --page https://usher.example.org`;

/** Adds `code` and `generic-card`. */
export function addClaimCodeCommands(program: Command): void {
  withCommonOptions(program.command('code <code>'))
    .description('Enters the claim code that a device shows, and waits until the device has proven it.')
    .summary('enter the claim code of a device without a card of this site')
    .option('--device <id>', 'the device, when the code does not name it')
    .option('--timeout <seconds>', 'how long to wait for the device', parseSeconds, DEFAULT_WAIT_SEC)
    .addHelpText('after', CODE_HELP)
    .action(async (code: string, options: { device?: string; timeout: number }, command: Command) => {
      const context = new Context(command);
      await context.using(
        async () => {
          const view = await enterCode(context, code, { ...options, waitMs: options.timeout * 1000 });
          context.printOne(view, () => codeText(view));
        },
        options.device === undefined ? {} : { device: options.device },
      );
    });
  withCommonOptions(program.command('generic-card <file>'))
    .description('Writes the usher.json of a generic card, whose device joins by its claim code.')
    .summary('write a card for a board that joins by a claim code')
    .option('--label', 'put a code on the card, for the label of the board')
    .option('--page <origin>', 'the page that its QR codes open (default: this appliance)')
    .addHelpText('after', CARD_HELP)
    .action(async (file: string, options: { label?: true; page?: string }, command: Command) => {
      const context = new Context(command);
      await context.using(() => writeGenericCard(context, file, options));
    });
}

/**
 * Enters a code and waits for its proof, at most `waitMs`.
 * @throws UsherError CLAIM_CODE_*, DEVICE_*; when it was refused, why
 */
export async function enterCode(
  context: Context,
  code: string,
  options: { device?: string; waitMs: number },
): Promise<ClaimCodeView> {
  const { device, waitMs } = options;
  const client = context.client();
  let view = await client.enterClaimCode({ code, ...(device === undefined ? {} : { device }) });
  const endMs = context.clock.nowMs() + waitMs;
  while (view.state === 'waiting' && context.clock.nowMs() < endMs) {
    await sleep(context.clock, LOOK_MS);
    view = await client.claimCode(view.device);
  }
  if (view.failure !== undefined) throw toUsherError(view.failure);
  return view;
}

function codeText({ shortId, state, expiresAt }: ClaimCodeView): string {
  return state === 'proven'
    ? `device ${shortId} has proven its code: claim it`
    : `the code of device ${shortId} waits for the device until ${expiresAt}`;
}

async function writeGenericCard(
  context: Context,
  file: string,
  { label, page }: { label?: true; page?: string },
): Promise<void> {
  const site = await context.client().site();
  const claimBase = page ?? pageOnLan(context.appliance().url, site);
  const isLabelled = label === true;
  const { card, code } = genericCard({
    site,
    claimBase,
    isLabelled,
    nowMs: context.clock.nowMs(),
    random: systemRandom,
  });
  try {
    writeFileSync(file, `${JSON.stringify(card, undefined, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UsherError('TOOL_FAILED', { tool: `writing ${file}`, detail: messageOf(error) }, { cause: error });
  }
  const shown = code?.reveal();
  context.printOne({ file, claimBase, ...(shown === undefined ? {} : { code: shown }) }, () =>
    shown === undefined ? `a generic card is written to ${file}` : `${shown}  (for the label; ${file} is written)`,
  );
}
