import type { Command } from 'commander';
import { verifyAuditFiles } from '../../api/client/audit-files.ts';
import type { AuditEntry, AuditVerification } from '../../api/client/types.ts';
import { UsherError } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, type Column } from '../output.ts';
import { parseCount, parseSeconds } from '../parse.ts';

const HELP = `
The log is on the master, in the folder audit of the state folder: one JSON object a line, each tied to the one before it
by a hash. The head is noted in the ConfigMap usher-system/audit-head as well.
usher audit verify ends with 1 when the log is not as it was written.

Examples:
  usher audit --device k4t7m2
  usher audit --actor anna --since 7d -o json
  usher audit verify
  usher audit verify --dir /var/lib/usher/audit --anchor 812:9f86d0…    without the appliance
  usher audit export > audit.jsonl`;

const COLUMNS = (nowMs: number): Column<AuditEntry>[] => [
  { title: 'SEQ', cell: (row) => String(row.seq) },
  { title: 'AGE', cell: (row) => ageText(row.ts, nowMs) },
  {
    title: 'WHO',
    cell: (row) => (row.actor.type === row.actor.id ? row.actor.id : `${row.actor.type} ${row.actor.id}`),
  },
  { title: 'ACTION', cell: (row) => row.action },
  { title: 'DEVICE', cell: (row) => row.deviceId?.slice(0, 6) },
  { title: 'TARGET', cell: (row) => row.target },
  { title: 'EVIDENCE', cell: (row) => row.evidence },
  { title: 'RESULT', cell: (row) => row.code ?? row.result, tone: (row) => (row.result === 'ok' ? undefined : 'bad') },
  { title: 'FROM', cell: (row) => row.from, wide: true },
  { title: 'TO', cell: (row) => row.to, wide: true },
  { title: 'ADDRESS', cell: (row) => row.actor.ip, wide: true },
];

interface ListOptions {
  actor?: string;
  action?: string;
  device?: string;
  since?: number;
  limit?: number;
}

/** Adds `audit`, `audit verify` and `audit export`. */
export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('Who did what to which device with which evidence.')
    .summary('list, verify and export who did what')
    .addHelpText('after', HELP);
  withCommonOptions(audit.command('list', { isDefault: true }))
    .description('Lists the newest entries, newest first.')
    .option('--actor <name>', 'only what this user, token or kind of actor did')
    .option('--action <name>', 'only this action, for instance createClaim')
    .option('--device <id>', 'only what concerns this device; the beginning of its id is enough')
    .option('--since <time>', 'only so far back, for instance 7d', parseSeconds)
    .option('--limit <number>', 'at most so many (default: 100)', parseCount)
    .action(async ({ since, actor, action, device, limit }: ListOptions, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const nowMs = context.clock.nowMs();
        const from = since === undefined ? undefined : new Date(nowMs - since * 1000).toISOString();
        const { items } = await context.client().people.audit({ actor, action, device, limit, from });
        context.printList(items, COLUMNS(nowMs), 'There are no such entries.');
      });
    });
  withCommonOptions(audit.command('verify'))
    .description('Finds whether an entry was changed, removed, swapped or cut off.')
    .option('--dir <folder>', 'walk these files here, without the appliance')
    .option('--anchor <seq:hash>', 'with --dir: the head as the ConfigMap audit-head has it')
    .action(async (options: { dir?: string; anchor?: string }, command: Command) => {
      const context = new Context(command);
      await context.using(async () => verify(context, options));
    });
  withCommonOptions(audit.command('export'))
    .description('Writes the whole log to the standard output, oldest first, as it is on the disk.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        for await (const chunk of await context.client().people.exportAudit()) process.stdout.write(chunk);
      });
    });
}

async function verify(context: Context, { dir, anchor }: { dir?: string; anchor?: string }): Promise<void> {
  const found =
    dir === undefined
      ? await context.client().people.verifyAudit()
      : await verifyAuditFiles(dir, anchor === undefined ? undefined : anchorOf(anchor));
  context.printOne(found, () => textOf(found));
  const [problem] = found.problems;
  if (!found.intact) throw new UsherError('AUDIT_NOT_INTACT', { detail: problem?.message ?? 'see above' });
}

function anchorOf(text: string): { seq: number; hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new UsherError('USAGE', { detail: 'Write the anchor as its number, a colon and its hash' });
}

function textOf({ intact, entries, anchor, head, problems }: AuditVerification): string {
  const places = problems.map(({ kind, file, line, message }) => {
    const place = file === undefined || line === undefined ? '' : `${file}:${line}: `;
    return `${kind}: ${place}${message}`;
  });
  const compared =
    anchor === undefined
      ? 'not compared with an anchor: entries that were cut off at the end would not show'
      : `anchored up to entry ${anchor.seq} of ${head?.seq ?? 0}`;
  return [...places, `${entries} entries, ${intact ? 'intact' : 'NOT intact'}; ${compared}`].join('\n');
}
