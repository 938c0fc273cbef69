import { printable } from '../../../foundation/text.ts';
import { shortIdOf } from '../../../join/protocol/device-id.ts';
import type { EnrolState } from '../../../join/protocol/messages.ts';
import type { Step } from './agent-plan.ts';

/** Something a person at the screen should know, with what to do about it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface Progress {
  readonly name: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** The claim code: on the screen with its QR code, or on the label of the board. */
export type ClaimCodeView =
  { readonly on: 'screen'; readonly typed: string; readonly qr: readonly string[] } | { readonly on: 'label' };

/** What the console of the device shows. */
export interface ConsoleView {
  readonly deviceId: string;
  readonly step: Step;
  readonly state?: EnrolState | undefined;
  readonly nodeName?: string | undefined;
  readonly applianceUrl?: string | undefined;
  readonly progress?: Progress | undefined;
  readonly problem?: Problem | undefined;
  /** While it waits for an operator to enter it. */
  readonly claimCode?: ClaimCodeView | undefined;
  /** Words that the appliance tells whoever asked which board this is; set while they are shown. */
  readonly identify?: string | undefined;
  /** What will trouble it before long, such as too little voltage. */
  readonly warnings?: readonly Problem[] | undefined;
}

const LONGEST_LINE = 300;
const BYTES_PER_MB = 1_000_000;

const STEP_WORDS: Readonly<Record<Step, string>> = {
  'await-card': 'there is no usable usher.json on the boot partition',
  find: 'looking for the appliance',
  hello: 'introducing itself to the appliance',
  poll: 'waiting for the appliance',
  prove: 'proving the claim code',
  fetch: 'fetching k3s and its images',
  join: 'asking for the ticket and joining',
  'report-joined': 'k3s is running, the node is appearing',
  adopt: 'k3s is starting again',
  scrub: 'joined; wiping the enrol token',
  stop: 'not to be a node; stopping k3s',
  finish: 'done: this machine is a node',
};

const STATE_WORDS: Readonly<Record<EnrolState, string>> = {
  pending: 'seen by the appliance, but nothing ties it to the site yet',
  verified: 'waiting to be claimed',
  approved: 'joining: waiting for the node to appear',
  joined: 'joined',
  rejected: 'rejected by an operator',
  revoked: 'revoked: it will not join again',
  held: 'held: an operator must look at it',
};

/** The state in words, on one line. */
export function stateWords(view: Pick<ConsoleView, 'step' | 'state'>): string {
  return view.step === 'poll' && view.state !== undefined ? STATE_WORDS[view.state] : STEP_WORDS[view.step];
}

/** The text for the screen: a few plain lines, printable whatever the appliance sent. */
export function consoleText(view: ConsoleView): string {
  const lines = [`Usher: device ${shortIdOf(view.deviceId)}  (${view.deviceId})`, line('State', stateWords(view))];
  if (view.identify !== undefined) lines.push(line('This is', `>>> ${view.identify.toUpperCase()} <<<`));
  if (view.nodeName !== undefined) lines.push(line('Node', view.nodeName));
  if (view.applianceUrl !== undefined) lines.push(line('Appliance', view.applianceUrl));
  if (view.progress !== undefined) lines.push(line('Fetching', progressWords(view.progress)));
  if (view.problem !== undefined) {
    lines.push(line('Problem', `${view.problem.code}: ${view.problem.message}`), line('Remedy', view.problem.remedy));
  }
  for (const warning of view.warnings ?? []) {
    lines.push(line('Warning', `${warning.code}: ${warning.message}`), line('Remedy', warning.remedy));
  }
  lines.push(...claimCodeLines(view.claimCode));
  return `${lines.join('\n')}\n`;
}

/** The same text for agetty's issue file, where a backslash starts an escape. */
export function issueText(view: ConsoleView): string {
  return `${consoleText(view).replaceAll('\\', '\\\\')}\n`;
}

/** One line for the kernel's console, which scrolls. */
export function consoleLine(view: ConsoleView): string {
  if (view.identify !== undefined) {
    return `usher ${shortIdOf(view.deviceId)}: ${printable(`this is >>> ${view.identify.toUpperCase()} <<<`, LONGEST_LINE)}`;
  }
  const problem = view.problem === undefined ? '' : ` [${view.problem.code}] ${view.problem.remedy}`;
  const code = view.claimCode?.on === 'screen' ? ` Claim code ${view.claimCode.typed}` : '';
  return `usher ${shortIdOf(view.deviceId)}: ${printable(stateWords(view) + problem, LONGEST_LINE)}${code}`;
}

/** Last, and the code below its picture: that is what stays on a small screen. */
function claimCodeLines(view: ClaimCodeView | undefined): string[] {
  if (view === undefined) return [];
  if (view.on === 'label') return [line('Code', 'on the label of this board')];
  return ['', ...view.qr, line('Code', view.typed)];
}

function line(title: string, text: string): string {
  return `  ${title.padEnd(10)}${printable(text, LONGEST_LINE)}`;
}

function progressWords(progress: Progress): string {
  const percent = progress.totalBytes === 0 ? 100 : Math.floor((100 * progress.doneBytes) / progress.totalBytes);
  const megabytes = (bytes: number): string => (bytes / BYTES_PER_MB).toFixed(1);
  return `${progress.name}: ${percent} % (${megabytes(progress.doneBytes)} of ${megabytes(progress.totalBytes)} MB)`;
}
