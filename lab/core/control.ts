import { z } from 'zod';
import { UsherError } from '../../foundation/errors.ts';

export const DEFAULT_LAB_NAME = 'lab';
/** The unix socket in the lab's folder by which a running lab is controlled. */
export const CONTROL_SOCKET = 'control.sock';

/** What can be done to a machine by the control socket and `usher lab`. */
export const VERBS = ['plug', 'unplug', 'kill', 'boot', 'reflash'] as const;
export type Verb = (typeof VERBS)[number];

/** What can be set on a machine, and to what. */
export const SETTINGS = {
  link: { values: 'up|down', pattern: /^(up|down)$/ },
  address: { values: 'an IPv4 address of the LAN', pattern: /^10\.77\.0\.\d{1,3}$/ },
  clock: { values: 'how far it is off (-10y, +3600) or right', pattern: /^([+-]\d+(\.\d+)?[mhdy]?|right)$/ },
  disk: { values: 'full|free', pattern: /^(full|free)$/ },
  adapter: { values: 'vibration|valve|none', pattern: /^(vibration|valve|none)$/ },
} as const;
export type Setting = keyof typeof SETTINGS;
/** What happens to a machine by itself. */
export type WeatherSetting = Exclude<Setting, 'adapter'>;
/** What may hang on a machine's USB. */
export type AdapterChoice = 'vibration' | 'valve' | 'none';

/** A value for a setting, if it may have that. @throws UsherError CONFIG_INVALID */
export function checkSetting(setting: Setting, value: string): string {
  const { pattern, values } = SETTINGS[setting];
  if (pattern.test(value)) return value;
  throw new UsherError('CONFIG_INVALID', { detail: `${setting} '${value}': it takes ${values}` });
}

/** POST /machines */
export const AddRequest = z.strictObject({
  name: z.string().exactOptional(),
  model: z.string().max(128).exactOptional(),
  serial: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .exactOptional(),
  dataDiskMiB: z.int().min(16).max(65_536).exactOptional(),
  /** With a card that belongs to no site; default false. */
  generic: z.boolean().exactOptional(),
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
