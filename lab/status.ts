import { LAN } from './core/address-plan.ts';
import { LAB_FOLDER } from './core/mount-plan.ts';
import type { MachineStatus } from './core/status.ts';
import type { Machine } from './machine.ts';

/** Where the agent shows its state. */
export const AGENT_CONSOLE = '/run/usher/console';

/** A machine as `usher lab status` shows it. */
export async function statusOf(machine: Machine): Promise<MachineStatus> {
  const { spec } = machine;
  const address = await machine.address();
  const shown = spec.board === undefined ? undefined : await machine.readFile(AGENT_CONSOLE);
  const console = shown === undefined ? undefined : stateIn(shown);
  const units = spec.board === undefined ? undefined : await unitsOf(machine);
  return {
    name: machine.name,
    role: roleOf(machine),
    power: machine.isOn ? 'on' : 'off',
    cable: machine.isPlugged ? 'plugged' : 'unplugged',
    mac: spec.mac,
    boots: machine.boots,
    ...(address === undefined ? {} : { address }),
    ...(spec.board === undefined ? {} : { model: spec.board.model, serial: spec.board.serial }),
    ...(machine.pid === undefined ? {} : { pid: machine.pid }),
    ...(console === undefined ? {} : { console }),
    ...(units === undefined ? {} : { units }),
  };
}

/** The agent's `State` line, which says all that a table has room for. */
function stateIn(text: string): string | undefined {
  return /^ *State +(.+)$/m.exec(text)?.[1];
}

function roleOf(machine: Machine): MachineStatus['role'] {
  if (machine.spec.board !== undefined) return 'pi';
  const addressing = machine.spec.addressing;
  if (addressing?.kind !== 'static') return 'other';
  if (addressing.address === LAN.router) return 'router';
  return addressing.address === LAN.master ? 'master' : 'other';
}

async function unitsOf(machine: Machine): Promise<Record<string, string> | undefined> {
  if (!machine.isOn) return undefined;
  const listing = await machine.exec(['grep', '-r', '', `${LAB_FOLDER}/units`], {
    allowFailure: true,
    timeoutMs: 5000,
  });
  const units: Record<string, string> = {};
  for (const line of listing.stdout.split('\n')) {
    const [, unit, state] = /([^/]+):([a-z-]+)$/.exec(line) ?? [];
    if (unit !== undefined && state !== undefined) units[unit] = state;
  }
  return units;
}
