import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import type { ClaimPair, Taint } from '../../../k8s/core/resources.ts';

// How lists of things are written in one cell of a CSV file. Keys and values of labels and taints cannot contain any of
// the separators, so nothing needs quoting.

const MAX_SHOWN = 64;
const SEPARATOR = /[;,\n]/;

/** `machine=lathe;location=left`. @throws UsherError CLAIM_INVALID */
export function readLabels(cell: string): Record<string, string> {
  const labels = new Map<string, string>();
  for (const part of partsOf(cell)) {
    const at = part.indexOf('=');
    if (at < 1) throw invalid(`label ${shown(part)} is not written as key=value`);
    const key = part.slice(0, at).trim();
    if (labels.has(key)) throw invalid(`label ${shown(key)} is given twice`);
    labels.set(key, part.slice(at + 1).trim());
  }
  return Object.fromEntries(labels);
}

export function writeLabels(labels: Readonly<Record<string, string>>): string {
  return sorted(Object.entries(labels).map(([key, value]) => `${key}=${value}`));
}

/** `dedicated=lathe:NoSchedule;sensors-only:NoExecute`, as kubectl writes taints. @throws UsherError CLAIM_INVALID */
export function readTaints(cell: string): Taint[] {
  return partsOf(cell).map((part) => {
    const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(part) ?? [];
    if (key === undefined || !isEffect(effect)) {
      const form = 'is not written as key[=value]:NoSchedule, :PreferNoSchedule or :NoExecute';
      throw invalid(`taint ${shown(part)} ${form}`);
    }
    return { key: key.trim(), ...(value === undefined || value === '' ? {} : { value: value.trim() }), effect };
  });
}

export function writeTaints(taints: readonly Taint[]): string {
  return sorted(taints.map(({ key, value = '', effect }) => `${key}${value === '' ? '' : `=${value}`}:${effect}`));
}

/** `lathe-1:Primary`. @throws UsherError CLAIM_INVALID */
export function readPair(cell: string): ClaimPair {
  const [, name, role] = /^([^:]+):\s*(Primary|Backup)$/i.exec(cell) ?? [];
  if (name === undefined || role === undefined) {
    throw invalid(`pair ${shown(cell)} is not written as name:Primary or name:Backup`);
  }
  return { name: name.trim(), role: role.toLowerCase() === 'primary' ? 'Primary' : 'Backup' };
}

export function writePair({ name, role }: ClaimPair): string {
  return `${name}:${role}`;
}

/** @throws UsherError CLAIM_INVALID */
export function readPolicy(cell: string): 'Retain' | 'Release' {
  const found = (['Retain', 'Release'] as const).find((policy) => policy.toLowerCase() === cell.toLowerCase());
  if (found === undefined) throw invalid(`the reclaim policy ${shown(cell)} is neither Retain nor Release`);
  return found;
}

function isEffect(text: string | undefined): text is Taint['effect'] {
  return text === 'NoSchedule' || text === 'PreferNoSchedule' || text === 'NoExecute';
}

function partsOf(cell: string): string[] {
  return cell
    .split(SEPARATOR)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function sorted(parts: string[]): string {
  return parts.sort().join(';');
}

function shown(text: string): string {
  return printable(text, MAX_SHOWN);
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_INVALID', { detail });
}
