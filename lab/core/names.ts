import { UsherError } from '../../foundation/errors.ts';

// No hyphen in a lab's name: `usher-<lab>-` is then the prefix of no other lab's namespaces, so that a sweep by prefix
// cannot take a neighbour's.
const LAB_NAME = /^[a-z][a-z0-9]{0,11}$/;
// The switch port of a machine is `p-<machine>`, and the name of an interface has at most 15 characters.
const MACHINE_NAME = /^[a-z]([a-z0-9-]{0,11}[a-z0-9])?$/;

/** The namespace that holds the bridge; no machine may have this name. */
export const SWITCH = 'switch';
/** The namespace that the host's ports lead to; no machine may have this name either. */
export const RELAY = 'relay';

/** `name` itself when a lab may be called so. @throws UsherError CONFIG_INVALID */
export function checkLabName(name: string): string {
  if (LAB_NAME.test(name)) return name;
  const detail = `lab name '${name}': a letter, then at most 11 letters or digits, all lower case`;
  throw new UsherError('CONFIG_INVALID', { detail });
}

/** `name` itself when a machine may be called so. @throws UsherError CONFIG_INVALID */
export function checkMachineName(name: string): string {
  if (MACHINE_NAME.test(name) && name !== SWITCH && name !== RELAY) return name;
  const detail = `machine name '${name}': a letter, then at most 12 letters, digits or inner hyphens, not '${SWITCH}' or '${RELAY}'`;
  throw new UsherError('CONFIG_INVALID', { detail });
}

/** What all names that this lab makes on the machine begin with: namespaces and cgroups. */
export function labPrefix(lab: string): string {
  return `usher-${lab}-`;
}

/** Name of the network namespace, as `ip netns` lists it. */
export function namespaceOf(lab: string, machine: string): string {
  return `${labPrefix(lab)}${machine}`;
}

/** Name of a machine's port in the switch. */
export function portOf(machine: string): string {
  return `p-${machine}`;
}

/** `path` itself when mounts can name it: absolute, and without characters that mount options or our lists treat specially. */
export function checkStateDir(path: string): string {
  if (/^(\/[\w@%+=.-]+)+$/.test(path)) return path;
  const detail = `state folder '${path}': an absolute path of letters, digits and @ % + = . _ - only`;
  throw new UsherError('CONFIG_INVALID', { detail });
}
