import { z } from 'zod';

export const MachineStatus = z.object({
  name: z.string(),
  role: z.enum(['router', 'master', 'pi', 'other']),
  power: z.enum(['on', 'off']),
  cable: z.enum(['plugged', 'unplugged']),
  mac: z.string(),
  address: z.string().optional(),
  model: z.string().optional(),
  serial: z.string().optional(),
  /** pid 1 of the machine, as the host counts. */
  pid: z.int().optional(),
  boots: z.int(),
  /** The state that the agent shows on the console. */
  console: z.string().optional(),
  /** State of each unit that a Pi's init knows. */
  units: z.record(z.string(), z.string()).optional(),
});
export type MachineStatus = z.infer<typeof MachineStatus>;

export const LabStatus = z.object({
  name: z.string(),
  labDir: z.string(),
  pid: z.int(),
  machines: z.array(MachineStatus),
});
export type LabStatus = z.infer<typeof LabStatus>;
