import type { Command } from 'commander';
import type { SensorServiceView, ServiceUnit } from '../../api/client/types.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, labelText, safe, type Column } from '../output.ts';
import { addServiceMoves, serviceNamed, silentHolder } from './service-moves.ts';

const SERVICES_HELP = `
A sensor service runs on every node with the labels of its nodeSelector. In each unit (a pair, or one node alone) one
node is active; the other one stands by. What keeps it from running stands in the last column. docs/services.md tells
how to write one.

Examples:
  usher services
  usher services -o wide
  usher services -o json | jq -r '.items[] | select(.isReady | not) | .message'`;

const SERVICE_HELP = `
Examples:
  usher service hall/vibration                              where it runs, unit by unit, and why not
  usher service hand-over hall/vibration left --to pi-b     pi-b goes on when the active node has stopped
  usher service take-over hall/valve right                  you vouch that the silent holder is off (HoldLast)`;

const COLUMNS: Column<SensorServiceView>[] = [
  { title: 'NAME', cell: ({ namespace, name }) => `${namespace}/${name}` },
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'ACTIVE', cell: ({ units }) => units.map((unit) => `${unit.name}=${activeIn(unit)}`).join(' ') },
  { title: 'STANDBY', cell: ({ units }) => units.flatMap((unit) => nodesIn(unit, 'Standby')).join(',') },
  { title: 'LABELS', cell: ({ nodeSelector }) => labelText(nodeSelector), wide: true },
  { title: 'IMAGE', cell: ({ image }) => image, wide: true },
  { title: 'DEVICES', cell: ({ devices }) => devices.join(','), wide: true },
  {
    title: 'READY',
    cell: ({ isReady }) => (isReady ? 'yes' : 'no'),
    tone: ({ isReady, warnings }) => (isReady ? (warnings.length === 0 ? 'good' : 'busy') : 'bad'),
  },
  { title: 'WHY', cell: ({ isReady, message, warnings }) => (isReady ? warnings[0] : message) },
];

/** Adds `services` and `service …`. */
export function addServiceCommands(program: Command): void {
  withCommonOptions(program.command('services'))
    .description('Lists the sensor services: where they are active, who stands by, and why one does not run.')
    .summary('list sensor services, where they run and why not')
    .addHelpText('after', SERVICES_HELP)
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const items = await context.client().services.list();
        context.printList(items, COLUMNS, 'There are no sensor services; docs/services.md tells how to write one.');
      });
    });
  const service = program
    .command('service')
    .description('Tells where one sensor service runs, hands one of its units over, or takes one from a silent holder.')
    .summary('tell where one sensor service runs; hand over, take over')
    .addHelpText('after', SERVICE_HELP);
  withCommonOptions(service.command('show <namespace/name>', { isDefault: true }))
    .description('Tells where a sensor service runs, unit by unit, and why not.')
    .action(async (text: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const [namespace, name] = serviceNamed(text);
        const view = await context.client().services.get(namespace, name);
        context.printOne(view, () => serviceText(view, context.clock.nowMs()));
      });
    });
  addServiceMoves(service);
}

function serviceText(view: SensorServiceView, nowMs: number): string {
  const { namespace, name, type, image, nodeSelector, devices, publishes, subscribes, safeState } = view;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['image', image],
    ['labels', labelText(nodeSelector)],
    ['devices', devices.join(', ')],
    ['publishes', publishes.join(', ')],
    ['subscribes', subscribes.join(', ')],
    ['safe state', safeState],
  ];
  return [
    `${safe(`${namespace}/${name}`)}  ${type}  ${view.isReady ? 'ready' : 'not ready'}: ${safe(view.message, LONGEST)}`,
    ...view.warnings.map((warning) => `! ${safe(warning, LONGEST)}`),
    ...facts.flatMap(([what, text = '']) => (text === '' ? [] : [`  ${what.padEnd(10)}  ${safe(text, LONGEST)}`])),
    ...view.units.flatMap((unit) => [...unitLines(unit, nowMs), ...handBackLine(view, unit), ...heldLines(view, unit)]),
  ].join('\n');
}

const LONGEST = 400;

function unitLines({ name, active, lastHandover, instances }: ServiceUnit, nowMs: number): string[] {
  const epoch = active === undefined ? '' : `, epoch ${String(active.epoch)}, for ${ageText(active.since, nowMs)}`;
  return [
    '',
    `unit ${safe(name)}: ${active === undefined ? 'nobody is active' : `active on ${safe(active.node)}${epoch}`}`,
    ...instances.map(({ node, state, why }) => {
      const text = why === undefined ? '' : `: ${safe(why, LONGEST)}`;
      return `  ${safe(node)}  ${STATES[state]}${text}`;
    }),
    ...(lastHandover === undefined
      ? []
      : [
          `  last handover ${ageText(lastHandover.time, nowMs)} ago: ${safe(lastHandover.from)} to ${safe(lastHandover.to)}, ${REASONS[lastHandover.reason]}`,
        ]),
  ];
}

/** Nothing is wrong: it is the reader's choice. */
function handBackLine({ namespace, name }: SensorServiceView, unit: ServiceUnit): string[] {
  const { active, handBackTo } = unit;
  if (active === undefined || handBackTo === undefined) return [];
  const to = safe(handBackTo);
  const command = `usher service hand-over ${safe(`${namespace}/${name}`)} ${safe(unit.name)} --to ${to}`;
  return [`  node ${to} is ready and comes before ${safe(active.node)}: ${command}`];
}

/** What to do about a holder that may drive on. */
function heldLines(view: SensorServiceView, unit: ServiceUnit): string[] {
  const holder = silentHolder(view, unit);
  if (holder === undefined) return [];
  const what = `${safe(`${view.namespace}/${view.name}`)} ${safe(unit.name)}`;
  return [
    `  ! ${safe(holder)} went silent and may drive on (HoldLast). When you have made sure that it is off:`,
    `    usher service take-over ${what}`,
  ];
}

const STATES = { Active: 'active', Standby: 'standby', NotRunning: 'not running' } as const;
const REASONS = { Expired: 'because it went silent', Released: 'which let go' } as const;

function activeIn(unit: ServiceUnit): string {
  const nodes = nodesIn(unit, 'Active');
  return nodes.length === 0 ? '-' : nodes.join('+');
}

function nodesIn({ instances }: ServiceUnit, state: 'Active' | 'Standby'): string[] {
  return instances.filter((instance) => instance.state === state).map(({ node }) => node);
}
