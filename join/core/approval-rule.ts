import { labelProblems } from '../../k8s/core/labels.ts';
import { isNodeName } from '../../k8s/core/names.ts';
import { DEVICE_CLAIM, MANAGED_BY, type Device, type DeviceClaim, type Taint } from '../../k8s/core/resources.ts';
import { shortIdOf } from '../protocol/device-id.ts';

/** An administrator's word, given beforehand, that the devices of one batch are wanted, and what they are to become. */
export interface ApprovalRule {
  readonly name: string;
  /** Public part of the batch token. */
  readonly tokenId: string;
  /** Of the claim's name, which is the node's: text with `{n}`, `{n:3}`, `{serial}`, `{mac6}`, `{id6}`. */
  readonly nameTemplate: string;
  /** Values are templates too. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly firstNumber: number;
  readonly isOn: boolean;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** What a rule does with one device of its batch. */
export type ApprovalPlan = { readonly device: Device } & (
  { readonly is: 'claim'; readonly claim: DeviceClaim } | { readonly is: 'leave'; readonly reason: string }
);

/** The rules as the operators' API sees them. */
export interface ApprovalRules {
  /** With what stands in its way now. */
  list(): (ApprovalRule & { problem?: string })[];
  /** @throws UsherError RULE_INVALID, RULE_EXISTS, KUBE_* */
  create(rule: ApprovalRule): Promise<ApprovalRule>;
  /** @throws UsherError RULE_INVALID, RULE_UNKNOWN, KUBE_* */
  change(name: string, change: Partial<Omit<ApprovalRule, 'name' | 'createdAt'>>): Promise<ApprovalRule>;
  /** @throws UsherError RULE_UNKNOWN, KUBE_* */
  remove(name: string): Promise<void>;
  /** What the rule would do now, were it on. @throws UsherError RULE_INVALID */
  preview(rule: ApprovalRule): ApprovalPlan[];
}

/** Annotations of a claim that a rule made: which one, and the number it gave. */
export const RULE_ANNOTATION = 'usher.internal/approval-rule';
export const NUMBER_ANNOTATION = 'usher.internal/approval-number';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const KNOWN = /^(n|n:[1-9]|serial|mac6|id6)$/;
const MOST_DIGITS = 9;
const MAC_DIGITS = 6;

/** What is wrong with a rule whatever the device, in a sentence; undefined when nothing is. */
export function ruleProblem({ nameTemplate, labels, taints }: ApprovalRule): string | undefined {
  for (const template of [nameTemplate, ...Object.values(labels)]) {
    const unknown = placeholdersOf(template).find((name) => !KNOWN.test(name));
    if (unknown !== undefined) return `{${unknown}} is none of {n}, {n:3}, {serial}, {mac6} and {id6}`;
    if (/[{}]/.test(template.replaceAll(PLACEHOLDER, ''))) return `${template} has a brace without its other half`;
  }
  // Side by side they could be told apart in very many ways, which takes for ever.
  const twice = placeholdersOf(nameTemplate).map((name) => name.replace(/:.*/, ''));
  if (new Set(twice).size < twice.length) return 'the name has one of the braces twice';
  if (placeholdersOf(nameTemplate).length === 0) return 'the name must differ from device to device: put {n} in it';
  const sample = { n: 1, serial: '10000000abcdef01', mac6: 'c0ffee', id6: 'k4t7m2' };
  const problem = renderedProblem(rendered({ nameTemplate, labels }, sample));
  if (problem !== undefined) return problem;
  const keys = Object.fromEntries(taints.map(({ key, value = '' }) => [key, value]));
  return labelProblems(keys)[0]?.replace('label', 'taint');
}

/**
 * The next number of a rule: one more than any that is in a name of its form, or noted on a claim of its own. Derived
 * from what exists, so that a number is not given twice however often the appliance dies.
 * @param names of claims, nodes and devices' nodes, those included that are only on their way
 */
export function nextNumber(rule: ApprovalRule, names: Iterable<string>, claims: Iterable<DeviceClaim>): number {
  let last = rule.firstNumber - 1;
  const pattern = patternOf(rule.nameTemplate);
  for (const name of names) last = Math.max(last, Number(pattern.exec(name)?.[1] ?? -1));
  for (const { metadata } of claims) {
    if (metadata.annotations?.[RULE_ANNOTATION] !== rule.name) continue;
    const number = Number(metadata.annotations[NUMBER_ANNOTATION]);
    if (Number.isSafeInteger(number)) last = Math.max(last, number);
  }
  return last + 1;
}

/** The claim that the rule makes for a device, or why it cannot, in a sentence. */
export function claimByRule(rule: ApprovalRule, device: Device, number: number): DeviceClaim | { problem: string } {
  const { serial, macs = [] } = device.status?.hardware ?? {};
  const id = device.metadata.name;
  const wanted = new Set([rule.nameTemplate, ...Object.values(rule.labels)].flatMap(placeholdersOf));
  const mac6 = macs[0]?.replaceAll(':', '').slice(-MAC_DIGITS);
  if (wanted.has('serial') && serial === undefined) return { problem: 'it has told no serial' };
  if (wanted.has('mac6') && mac6 === undefined) return { problem: 'it has told no MAC address' };
  const values = { n: number, serial: (serial ?? '').toLowerCase(), mac6: mac6 ?? '', id6: shortIdOf(id) };
  const { name, labels } = rendered(rule, values);
  const problem = renderedProblem({ name, labels });
  if (problem !== undefined) return { problem };
  const { apiVersion, kind } = DEVICE_CLAIM;
  const annotations = { [RULE_ANNOTATION]: rule.name, [NUMBER_ANNOTATION]: String(number) };
  return {
    ...{ apiVersion, kind, metadata: { name, labels: { ...MANAGED_BY }, annotations } },
    spec: {
      // The key, not the serial: another board with this serial is another matter.
      match: { device: id },
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(rule.taints.length === 0 ? {} : { taints: [...rule.taints] }),
    },
  };
}

interface Values {
  n: number;
  serial: string;
  mac6: string;
  id6: string;
}

function rendered(
  { nameTemplate, labels }: Pick<ApprovalRule, 'nameTemplate' | 'labels'>,
  values: Values,
): { name: string; labels: Record<string, string> } {
  const fill = (template: string): string =>
    template.replaceAll(PLACEHOLDER, (_whole, name: string) => {
      if (name.startsWith('n')) return String(values.n).padStart(Number(name.slice(2)), '0');
      return String(values[name as keyof Values]);
    });
  return {
    name: fill(nameTemplate),
    labels: Object.fromEntries(Object.entries(labels).map(([key, template]) => [key, fill(template)])),
  };
}

function renderedProblem({
  name,
  labels,
}: {
  name: string;
  labels: Readonly<Record<string, string>>;
}): string | undefined {
  if (!isNodeName(name)) return `${name} cannot be the name of a node`;
  return labelProblems(labels)[0];
}

function placeholdersOf(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** Names of this template, with the number as the first group. */
function patternOf(template: string): RegExp {
  let hasNumber = false;
  const parts = template.split(/(\{[^{}]*\})/).map((part) => {
    if (!part.startsWith('{')) return part.replaceAll(/[\\^$.*+?()[\]|]/g, String.raw`\$&`);
    if (!part.startsWith('{n') || hasNumber) return part.startsWith('{n') ? String.raw`\d+` : '[a-z0-9-]+';
    hasNumber = true;
    return `(\\d{1,${MOST_DIGITS}})`;
  });
  return new RegExp(`^${parts.join('')}$`);
}
