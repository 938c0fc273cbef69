import type { Command } from 'commander';
import type { SensorServiceView, ServiceUnit } from '../../api/client/types.ts';
import { UsherError } from '../../foundation/errors.ts';
import { askToType } from '../ask.ts';
import { Context, withCommonOptions } from '../context.ts';
import { safe } from '../output.ts';

const HAND_OVER_HELP = `
The active node stops, and says so; then the other one goes on. Between the two, for a moment, nobody is active. Without
--to the first node that is ready takes it, in the order of the unit: the pair first, then similar nodes. The command ends
when it is asked for, not when it is done: usher service <namespace/name> says who is active.

Examples:
  usher service hand-over hall/vibration left
  usher service hand-over hall/vibration left --to pi-b
  usher service hand-over hall/vibration left -o json`;

const TAKE_OVER_HELP = `
Only for a unit that is set to HoldLast and whose holder went silent: it may go on driving without the control plane, which
Usher cannot see. So nobody takes over until a person says that it is off. If it is not, two drive at once.

  1. Go there. Switch the board off, or take the power from its actuator.
  2. usher service take-over <namespace/name> <unit>, and type the name of that board.

The word counts for that one holder and epoch, and is in the audit log. It is an admin's, and no program's: where usher has
an API token it is refused [PERSON_NEEDED]. Do it on the page then, or with usher on the appliance. Everywhere else nobody
need vouch: a silent holder has stopped by its own clock, and a unit that is active is handed over.

Examples:
  usher service take-over hall/valve right
  usher service take-over hall/valve right --to pi-d --yes    you vouch for it without being asked`;

interface Wish {
  to?: string;
  yes?: true;
}

/** Adds `service hand-over` and `service take-over`. */
export function addServiceMoves(service: Command): void {
  withCommonOptions(service.command('hand-over <namespace/name> <unit>'))
    .description('Asks the active node of a unit to stop, so that another one goes on.')
    .summary('let another node of a unit go on')
    .option('--to <node>', 'the node that is to be active; it must stand by')
    .addHelpText('after', HAND_OVER_HELP)
    .action(async (text: string, unit: string, wish: Wish, command: Command) => {
      const context = new Context(command);
      await context.using(() => handOver(context, text, unit, wish));
    });
  withCommonOptions(service.command('take-over <namespace/name> <unit>'))
    .description('Vouches that the silent holder of a unit (HoldLast) is off, so that another node takes over.')
    .summary('vouch that a silent holder is off (HoldLast)')
    .option('--to <node>', 'the node that is to be active; it must stand by')
    .option('-y, --yes', 'do not ask: you vouch for it')
    .addHelpText('after', TAKE_OVER_HELP)
    .action(async (text: string, unit: string, wish: Wish, command: Command) => {
      const context = new Context(command);
      await context.using(() => takeOver(context, text, unit, wish));
    });
}

/** The two parts of NAMESPACE/NAME. @throws UsherError CONFIG_INVALID */
export function serviceNamed(text: string): [namespace: string, name: string] {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || name === '' || rest.length > 0) {
    const detail = `${text} is no NAMESPACE/NAME of a sensor service; usher services lists them`;
    throw new UsherError('CONFIG_INVALID', { detail });
  }
  return [namespace, name];
}

/** Who holds a unit without anybody knowing whether it still drives; nobody in most cases. */
export function silentHolder({ onControlPlaneLoss }: SensorServiceView, unit: ServiceUnit): string | undefined {
  return onControlPlaneLoss === 'HoldLast' && unit.active === undefined ? unit.lease?.holder : undefined;
}

async function handOver(context: Context, text: string, name: string, wish: Wish): Promise<void> {
  const [namespace, service] = serviceNamed(text);
  const { services } = context.client();
  const to = wish.to ?? nextNode(unitOf(await services.get(namespace, service), name));
  const view = await services.handOver(namespace, service, name, to);
  context.printOne(view, () => `unit ${safe(name)} of ${safe(text)} is being handed over to ${safe(to)}`);
}

async function takeOver(context: Context, text: string, name: string, wish: Wish): Promise<void> {
  const [namespace, service] = serviceNamed(text);
  const { services } = context.client();
  const before = await services.get(namespace, service);
  const unit = unitOf(before, name);
  const holder = silentHolder(before, unit);
  // What the person is asked about must be what is then vouched for.
  if (holder === undefined) throw new UsherError('TAKEOVER_NOT_NEEDED', { unit: name });
  const { epoch } = unit.lease;
  const to = wish.to ?? nextNode(unit);
  context.say(
    [
      `Node ${safe(holder)} holds unit ${safe(name)} of ${safe(text)} (epoch ${String(epoch)}) and went silent.`,
      `It may go on driving without the control plane, which Usher cannot see. If it does, ${safe(holder)} and ${safe(to)}`,
      'will drive at once. Go there and look.',
    ].join('\n'),
  );
  if (wish.yes !== true) {
    const question = `Type ${safe(holder)} to vouch that it is switched off, or that its actuator has no power:`;
    await askToType(question, holder);
  }
  const view = await services.takeOver(namespace, service, name, { to, epoch });
  context.printOne(view, () => `unit ${safe(name)} of ${safe(text)} is taken over by ${safe(to)}`);
}

type MovableUnit = ServiceUnit & { lease: NonNullable<ServiceUnit['lease']> };

function unitOf({ namespace, name, units }: SensorServiceView, wanted: string): MovableUnit {
  const unit = units.find((each) => each.name === wanted);
  if (unit?.lease === undefined) {
    throw new UsherError('SERVICE_UNIT_UNKNOWN', { service: `${namespace}/${name}`, unit: wanted });
  }
  return { ...unit, lease: unit.lease };
}

/** The first one that can take the unit from its holder; when none can, the first one, so that the refusal says why. */
function nextNode({ name, lease: { holder, candidates } }: MovableUnit): string {
  const others = candidates.filter(({ node }) => node !== holder);
  const next = others.find(({ isReady }) => isReady) ?? others[0];
  if (next === undefined) throw new UsherError('SERVICE_UNIT_ALONE', { unit: name });
  return next.node;
}
