import type { Command } from 'commander';
import type { ClusterCaView, DeviceView, RevocationView } from '../../api/client/types.ts';
import { askToType } from '../ask.ts';
import { Context, withCommonOptions } from '../context.ts';
import { paint, safe } from '../output.ts';
import { podLines } from '../pod-text.ts';

const REVOKE_HELP = `
Takes a board out that is not trusted any more: it was stolen, sold, or is not where it should be. Its node is drained and
deleted, its name is never given out again, its claim waits for another device. Says beforehand what stops and afterwards
what is left to whoever holds the board. A board that is only broken or flashed anew is replaced instead: usher replace.

<id> is what usher device takes too: an id or its beginning, a node name, a MAC address, a serial.

Examples:
  usher revoke lathe-left
  usher revoke k4t7m2 --yes
  usher device reconsider k4t7m2    takes it back, as long as the board has not thrown its key away`;

const CA_HELP = `
Kubernetes cannot call a certificate back. Whoever holds a revoked board holds certificates that stay valid until the CA
of the cluster is another one. Rotating it concerns every node, so usher guides and does nothing by itself.

Examples:
  usher ca
  usher ca -o json`;

const MAX_LINE = 400;

/** Adds `revoke` and `ca`. */
export function addRevokeCommands(program: Command): void {
  withCommonOptions(program.command('revoke <id>'))
    .description('Takes a device out for good: its node, its name and its key.')
    .summary('take a device out for good: node, name and key')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', REVOKE_HELP)
    .action(async (id: string, options: { yes?: true }, command: Command) => {
      const context = new Context(command);
      await context.using(() => revoke(context, id, options), { device: id });
    });
  withCommonOptions(program.command('ca'))
    .description(
      "Says since when the cluster's CA is, who still holds a certificate of it and should not, and how to rotate it.",
    )
    .summary("say who should not hold a certificate of the cluster's CA, and how to rotate it")
    .addHelpText('after', CA_HELP)
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const ca = await context.client().clusterCa();
        context.printOne(ca, () => caText(ca, context.color));
      });
    });
}

async function revoke(context: Context, id: string, options: { yes?: true }): Promise<void> {
  const row = await context.client().device(id);
  const revocation = await context.client().revocation(row.id);
  context.say(previewText(row, revocation));
  if (options.yes !== true) {
    const { nodeName } = revocation;
    const what = nodeName === undefined ? 'the short id of the device' : 'the node name';
    await askToType(`Type ${what} to revoke:`, nodeName ?? row.shortId);
  }
  const revoked = await context.client().decide(row.id, 'Revoked');
  context.printOne({ device: revoked, revocation }, () => {
    const left = revocation.afterwards.map((sentence) => `  - ${safe(sentence, MAX_LINE)}`);
    return [`device ${row.shortId} revoked`, '', 'What is left to whoever holds the board:', ...left].join('\n');
  });
  if (revocation.nodeName !== undefined) context.say('\nusher ca says how to rotate the CA of the cluster.');
}

/** What stops, before it does. */
function previewText(row: DeviceView, { nodeName, pods, secrets }: RevocationView): string {
  if (nodeName === undefined) return `Device ${row.shortId} (${row.stage}) has no node: nothing stops.`;
  const read = secrets.map(({ namespace, name }) => `  ${safe(namespace)}/${safe(name)}`);
  return [
    `Node ${safe(nodeName)} of device ${row.shortId} is drained and deleted, and its name is retired.`,
    ...podLines(pods),
    ...(read.length === 0 ? [] : ['Secrets that its pods read, which the board may remember:', ...read]),
  ].join('\n');
}

function caText({ notBefore, notAfter, revoked, steps }: ClusterCaView, color: boolean): string {
  const holders = revoked.map(
    ({ device, nodeName }) => `  ${safe(device)}${nodeName === undefined ? '' : `  was ${safe(nodeName)}`}`,
  );
  const guide = steps.flatMap(({ what, command }, i) => [
    `${String(i + 1).padStart(2)}. ${safe(what, MAX_LINE * 2)}`,
    ...(command === undefined
      ? []
      : [`      ${color ? paint(safe(command, MAX_LINE), 'good') : safe(command, MAX_LINE)}`]),
  ]);
  return [
    `The CA of the cluster is valid from ${notBefore} to ${notAfter}.`,
    revoked.length === 0
      ? 'No device was revoked or replaced since: there is no reason to rotate it but its age.'
      : 'Revoked or replaced since, and still holding certificates of it:',
    ...holders,
    '',
    'To rotate it:',
    ...guide,
  ].join('\n');
}
