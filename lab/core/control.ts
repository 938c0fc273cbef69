import { z } from 'zod';

export const DEFAULT_LAB_NAME = 'lab';
/** The unix socket in the lab's folder by which a running lab is controlled. */
export const CONTROL_SOCKET = 'control.sock';

/** What can be done to a machine by the control socket and `usher lab`. */
export const VERBS = ['plug', 'unplug', 'kill', 'boot', 'reflash'] as const;
export type Verb = (typeof VERBS)[number];

/** POST /machines */
export const AddRequest = z.strictObject({
  name: z.string().exactOptional(),
  model: z.string().max(128).exactOptional(),
  serial: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .exactOptional(),
});
export type AddRequest = z.infer<typeof AddRequest>;

export const ControlRefusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
});
