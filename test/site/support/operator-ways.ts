import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { z } from 'zod';
import { ClusterCaView, RevocationView, type DecisionRequest } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { RETRY_ANNOTATION } from '../../../k8s/core/resources.ts';
import { claimOnPage, signInAsPage, type PageReply, type PageSession, type RunningSite } from './running-site.ts';

const CLI = join(import.meta.dirname, '../../../cli/usher.mjs');
/** Generous: the machine may be busy with other labs. */
const CLI_LIMIT_MS = 90_000;

export const WAYS = ['page', 'CLI', 'kubectl'] as const;
export type WayName = (typeof WAYS)[number];
type Policy = 'Retain' | 'Release';

/** What an operator is told about revoking a device. */
export interface RevocationWords {
  /** What stops; kubectl asks nobody. */
  before: string | undefined;
  after: string;
  /** How the CA is rotated. */
  guide: string;
}

/** What an operator can do about a board, by one of the ways in which it can be done. */
export interface OperatorWay {
  claim(name: string, device: string, labels: Record<string, string>): Promise<void>;
  setPolicy(claim: string, policy: Policy): Promise<void>;
  unclaim(claim: string): Promise<void>;
  /** `old` is the device that has the node; the claim has the node's name. */
  replace(old: { device: string; nodeName: string }, newcomer: string): Promise<void>;
  decide(device: string, decision: DecisionRequest['decision']): Promise<void>;
  revoke(device: string, nodeName: string): Promise<RevocationWords>;
}

/** Runs the real program as a person at a terminal does; `input` is what that person types. @throws UsherError TOOL_FAILED */
export async function usher(
  { site }: RunningSite,
  args: readonly string[],
  input = '',
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const all = [CLI, '--token-file', site.cliFile, ...args];
    const child = execFile(process.execPath, all, { timeout: CLI_LIMIT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new UsherError('TOOL_FAILED', { tool: `usher ${args.join(' ')}`, detail: stderr }, { cause: error }));
    });
    // A program that asks nothing has ended before it read this.
    child.stdin?.once('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** One way to do everything. */
export async function operatorWay(running: RunningSite, name: WayName): Promise<OperatorWay> {
  switch (name) {
    case 'page':
      return new ByPage(await signInAsPage(running));
    case 'CLI':
      return new ByCli(running);
    case 'kubectl':
      return new ByKubectl(running);
  }
}

/** The requests that the page's buttons and dialogs send. */
class ByPage implements OperatorWay {
  readonly #session: PageSession;

  constructor(session: PageSession) {
    this.#session = session;
  }

  async claim(name: string, device: string, labels: Record<string, string>): Promise<void> {
    taken('POST /claims', await claimOnPage(this.#session, { name, device, labels }));
  }

  async setPolicy(claim: string, reclaimPolicy: Policy): Promise<void> {
    await this.#send('PATCH', `/claims/${claim}`, { reclaimPolicy });
  }

  async unclaim(claim: string): Promise<void> {
    await this.#send('DELETE', `/claims/${claim}`);
  }

  async replace({ device }: { device: string }, newcomer: string): Promise<void> {
    await this.#send('POST', `/devices/${device}/replacement`, { with: newcomer });
  }

  async decide(device: string, decision: DecisionRequest['decision']): Promise<void> {
    await this.#send('POST', `/devices/${device}/decision`, { decision });
  }

  async revoke(device: string): Promise<RevocationWords> {
    const view = RevocationView.parse(await this.#send('GET', `/devices/${device}/revocation`));
    await this.decide(device, 'Revoked');
    const { revoked, steps } = ClusterCaView.parse(await this.#send('GET', '/cluster-ca'));
    const named = [...view.pods, ...view.secrets].map(({ namespace, name }) => `${namespace}/${name}`);
    return {
      before: [view.nodeName, ...named].join('\n'),
      after: view.afterwards.join('\n'),
      guide: [...revoked.map(({ device: id, nodeName }) => `${id} ${nodeName ?? ''}`), ...steps.map(textOf)].join('\n'),
    };
  }

  async #send(method: string, path: string, body?: unknown): Promise<unknown> {
    return taken(`${method} ${path}`, await this.#session(method, `/api/v1${path}`, body));
  }
}

/** The body of a reply that is no refusal. @throws UsherError TOOL_FAILED */
function taken(tool: string, { status, body }: PageReply): unknown {
  if (status < 300) return body;
  throw new UsherError('TOOL_FAILED', { tool, detail: `${String(status)} ${JSON.stringify(body)}` });
}

/** `usher …`; what it asks is answered by typing. */
class ByCli implements OperatorWay {
  readonly #running: RunningSite;

  constructor(running: RunningSite) {
    this.#running = running;
  }

  async claim(name: string, device: string, labels: Record<string, string>): Promise<void> {
    const all = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    await usher(this.#running, ['claim', device, '--name', name, ...all]);
  }

  async setPolicy(claim: string, policy: Policy): Promise<void> {
    await usher(this.#running, ['claim', 'edit', claim, '--reclaim-policy', policy]);
  }

  async unclaim(claim: string): Promise<void> {
    await usher(this.#running, ['unclaim', claim], `${claim}\n`);
  }

  async replace({ nodeName }: { nodeName: string }, newcomer: string): Promise<void> {
    await usher(this.#running, ['replace', nodeName, '--with', newcomer]);
  }

  async decide(device: string, decision: DecisionRequest['decision']): Promise<void> {
    const verbs: Partial<Record<typeof decision, string>> = {
      Rejected: 'reject',
      Ignored: 'ignore',
      Undecided: 'reconsider',
      Retry: 'retry',
    };
    await usher(this.#running, ['device', verbs[decision] ?? decision, device]);
  }

  async revoke(_device: string, nodeName: string): Promise<RevocationWords> {
    const { stdout, stderr } = await usher(this.#running, ['revoke', nodeName], `${nodeName}\n`);
    return { before: stderr, after: stdout, guide: (await usher(this.#running, ['ca'])).stdout };
  }
}

/** `usher kubectl …`: changes of one object each, as a manifest in a repository would be. */
class ByKubectl implements OperatorWay {
  readonly #running: RunningSite;

  constructor(running: RunningSite) {
    this.#running = running;
  }

  async claim(name: string, device: string, labels: Record<string, string>): Promise<void> {
    const spec = { match: { device }, labels };
    const claim = { apiVersion: 'usher.internal/v1alpha1', kind: 'DeviceClaim', metadata: { name }, spec };
    await usher(this.#running, ['kubectl', 'apply', '-f', '-'], JSON.stringify(claim));
  }

  async setPolicy(claim: string, reclaimPolicy: Policy): Promise<void> {
    await this.#patch('deviceclaim', claim, { spec: { reclaimPolicy } });
  }

  async unclaim(claim: string): Promise<void> {
    await usher(this.#running, ['kubectl', 'delete', 'deviceclaim', claim]);
  }

  async replace({ device, nodeName }: { device: string; nodeName: string }, newcomer: string): Promise<void> {
    await this.#patch('deviceclaim', nodeName, {
      spec: { match: { serial: null, device: newcomer }, replaces: device },
    });
  }

  async decide(device: string, decision: DecisionRequest['decision']): Promise<void> {
    if (decision === 'Retry') {
      const now = new Date().toISOString();
      await usher(this.#running, [
        'kubectl',
        'annotate',
        'device',
        device,
        '--overwrite',
        `${RETRY_ANNOTATION}=${now}`,
      ]);
    } else await this.#patch('device', device, { spec: { decision } });
  }

  async revoke(device: string): Promise<RevocationWords> {
    await this.decide(device, 'Revoked');
    await usher(this.#running, ['kubectl', 'wait', '--for=jsonpath={.status.phase}=Revoked', `device/${device}`]);
    const { stdout } = await usher(this.#running, ['kubectl', 'describe', 'device', device]);
    return { before: undefined, after: stdout, guide: (await usher(this.#running, ['ca'])).stdout };
  }

  async #patch(kind: string, name: string, change: object): Promise<void> {
    await usher(this.#running, ['kubectl', 'patch', kind, name, '--type', 'merge', '-p', JSON.stringify(change)]);
  }
}

function textOf({ what, command = '' }: z.infer<typeof ClusterCaView>['steps'][number]): string {
  return `${what}\n${command}`;
}
