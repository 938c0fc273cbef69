import { join } from 'node:path';
import type { Lab } from '../../../lab/lab.ts';

/** Of Modbus TCP (IANA). */
export const PRESS_PORT = 502;
/** More than one register can hold. */
export const FIRST_STROKE = 70_000;

const PROJECT = join(import.meta.dirname, '../../..');

/** Starts a machine at `address` that is a simulated press with a counter. */
export async function startPress(lab: Lab, address: string): Promise<void> {
  await lab.startMachine({
    name: 'press',
    addressing: { kind: 'static', address },
    command: [process.execPath, join(import.meta.dirname, 'press-machine.ts')],
    binds: [{ from: PROJECT }, { from: process.execPath }],
  });
}
