import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, toRfc3339 } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { Lab } from '../../../lab/lab.ts';
import { until } from '../../../lab/wait.ts';
import { DATA, K3sMachine } from './k3s-machine.ts';
import { type Sender, SupervisorClient } from './supervisor-client.ts';

/** The fields of a Node that the contract speaks of. */
export interface NodeObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string> };
  readonly spec: { readonly podCIDR?: string; readonly taints?: readonly { readonly key: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface BootstrapToken {
  readonly id: string;
  /** `id.secret`, what a request carries. */
  readonly bearer: string;
  /** `K10<hash>::id.secret`, what an agent is given. */
  readonly join: string;
}

const SERVER_IP = '10.77.0.1';
const URL = `https://${SERVER_IP}:6443`;
const PORT = 6443;
const STAND_IN_PAUSE = 'docker.io/usher/stand-in-pause:1';
/** A machine that only waits for commands. */
const IDLE = ['sh', '-c', 'while :; do sleep 3600; done'];
const LAST_LINES = 40;
const API_LIMIT_MS = 60_000;
export const JOIN_LIMIT_MS = 45_000;

/** A k3s server and two machines to be its agents, all made from one k3s binary. */
export class ContractCluster {
  readonly lab: Lab;
  readonly server: K3sMachine;
  readonly alpha: K3sMachine;
  readonly beta: K3sMachine;
  readonly supervisor: SupervisorClient;
  /** When the server was started for the first time. */
  readonly startedMs: number;
  readonly #imagesDir: string;
  #admin: Sender | undefined;
  #ca = '';

  private constructor(parts: { lab: Lab; machines: readonly K3sMachine[]; port: number; imagesDir: string }) {
    const [server, alpha, beta] = parts.machines;
    if (server === undefined || alpha === undefined || beta === undefined)
      throw new UsherError('INTERNAL', { detail: 'machines' });
    this.lab = parts.lab;
    this.server = server;
    this.alpha = alpha;
    this.beta = beta;
    this.supervisor = new SupervisorClient(parts.port);
    this.startedMs = Date.now();
    this.#imagesDir = parts.imagesDir;
  }

  /** Brings the machines up and starts the server. @param k3sPath the binary under test @param imagesDir tarballs for every node */
  static async start(k3sPath: string, imagesDir: string): Promise<ContractCluster> {
    const lab = new Lab({ name: 'contract', fresh: true });
    try {
      await lab.up();
      const binds = [
        { from: k3sPath, to: '/usr/local/bin/k3s' },
        { from: imagesDir, to: `${DATA}/agent/images` },
      ];
      const names = ['server', 'alpha', 'beta'];
      const machines = await Promise.all(
        names.map(async (name, index) => {
          const address = `10.77.0.${index + 1}`;
          const machine = await lab.startMachine({
            name,
            command: IDLE,
            addressing: { kind: 'static', address },
            binds,
          });
          return new K3sMachine(machine);
        }),
      );
      const port = await lab.openRelay({ host: SERVER_IP, port: PORT });
      const cluster = new ContractCluster({ lab, machines, port, imagesDir });
      await cluster.startServer();
      return cluster;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.lab.down();
    await rm(this.lab.labDir, { recursive: true, force: true });
  }

  /** The ends of the logs of all machines, for whoever looks at a failure. */
  async lastWords(): Promise<string> {
    const machines = [this.server, this.alpha, this.beta];
    const telling = (line: string): boolean => line !== '' && !line.includes('createTransport failed');
    const logs = await Promise.all(
      machines.map(async (each) => (await each.log()).split('\n').filter(telling).slice(-LAST_LINES)),
    );
    return logs
      .flatMap((lines, i) => [`--- ${machines[i]?.name ?? ''}`, ...lines.map((line) => line.slice(0, 300))])
      .join('\n');
  }

  /** Starts the server and waits until its API answers; gives how long that took, in ms. */
  async startServer(agentToken = 'contract-agent-token'): Promise<number> {
    const startMs = performance.now();
    await this.server.start(this.serverArgs(agentToken));
    await this.waitForApi();
    return performance.now() - startMs;
  }

  serverArgs(agentToken: string): string[] {
    return [
      ...['server', '--token', 'contract-server-token', '--agent-token', agentToken, '--secrets-encryption'],
      ...['--disable', 'coredns,traefik,servicelb,metrics-server,local-storage', '--disable-helm-controller'],
      ...['--flannel-backend', 'host-gw', '--node-ip', SERVER_IP],
      ...['--kube-controller-manager-arg', 'node-monitor-period=2s'],
      ...['--kube-controller-manager-arg', 'node-monitor-grace-period=16s'],
      ...this.#nodeArgs(),
    ];
  }

  async waitForApi(): Promise<void> {
    await until(systemClock, 'the API server', API_LIMIT_MS, async () => {
      try {
        this.#ca = (await this.supervisor.send('/cacerts')).body;
        this.#admin ??= await this.#readAdmin();
        return (await this.#asAdmin('GET', '/readyz')).body === 'ok' ? true : undefined;
      } catch {
        // Not listening yet, or the kubeconfig is not written yet.
        return undefined;
      }
    });
    this.supervisor.trust(this.#ca);
  }

  /** Starts an agent on `machine`, which must be on. An empty `token` leaves the flag away. */
  async startAgent(machine: K3sMachine, options: { token: string; name?: string }): Promise<void> {
    const name = options.name ?? machine.name;
    const token = options.token === '' ? [] : ['--token', options.token];
    await machine.start(['agent', '--server', URL, ...token, '--node-name', name, ...this.#nodeArgs()]);
  }

  /** Makes sure that `machine` is a node, joined by this or an earlier test. */
  async ensureNode(machine: K3sMachine): Promise<void> {
    const node = await this.node(machine.name);
    const isReady = node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (isReady !== true || !machine.machine.isOn || !(await machine.isRunning())) await this.joinFresh(machine);
  }

  /** A new disk, an agent, and a Ready Node; the token is burnt. Gives the Node. */
  async joinFresh(machine: K3sMachine): Promise<NodeObject> {
    await machine.powerCut();
    await this.deleteNode(machine.name);
    await machine.reflash();
    const token = await this.makeToken();
    await this.startAgent(machine, { token: token.join });
    const node = await this.waitForReady(machine.name, JOIN_LIMIT_MS);
    await this.deleteToken(token);
    return node;
  }

  /** Makes a bootstrap token as Usher does: a Secret, without k3s' own command. */
  async makeToken(lifeMs = 600_000): Promise<BootstrapToken> {
    const [id, secret] = [randomBytes(3).toString('hex'), randomBytes(8).toString('hex')];
    await this.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': id,
        'token-secret': secret,
        expiration: toRfc3339(Date.now() + lifeMs).replace(/\.\d+/, ''),
        'usage-bootstrap-authentication': 'true',
        'auth-extra-groups': 'system:bootstrappers:k3s:default-node-token',
      },
    });
    const bearer = `${id}.${secret}`;
    return { id, bearer, join: this.#joinToken(bearer) };
  }

  /** A join token as it is left in the configuration of a node that joined long ago. */
  deadToken(): string {
    return this.#joinToken('abcdef.0123456789abcdef');
  }

  async deleteToken({ id }: BootstrapToken): Promise<void> {
    await this.#asAdmin('DELETE', `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${id}`);
  }

  /** The object at an API path, or undefined. */
  async get<T>(path: string): Promise<T | undefined> {
    const { status, body } = await this.#asAdmin('GET', path);
    if (status === 404) return undefined;
    if (status !== 200)
      throw new UsherError('KUBE_FAILED', { status, kind: 'GET', name: path, detail: body.slice(0, 200) });
    return JSON.parse(body) as T;
  }

  /** Creates an object by its API path as the administrator. */
  async create(path: string, object: object, sender: Sender = this.admin): Promise<number> {
    const headers = { 'Content-Type': 'application/json' };
    return (await this.supervisor.send(path, { ...sender, method: 'POST', headers, body: JSON.stringify(object) }))
      .status;
  }

  get admin(): Sender {
    if (this.#admin === undefined) throw new UsherError('INTERNAL', { detail: 'the server has not been started' });
    return this.#admin;
  }

  async node(name: string): Promise<NodeObject | undefined> {
    return this.get<NodeObject>(`/api/v1/nodes/${name}`);
  }

  async deleteNode(name: string): Promise<void> {
    await this.#asAdmin('DELETE', `/api/v1/nodes/${name}`);
    const secret = `/api/v1/namespaces/kube-system/secrets/${name}.node-password.k3s`;
    await this.#asAdmin('DELETE', secret);
  }

  /** Waits for a Node object, other than the one with `notUid`. @throws UsherError TIMED_OUT */
  async waitForNode(name: string, limitMs: number, notUid = ''): Promise<NodeObject> {
    return until(systemClock, `node ${name}`, limitMs, async () => {
      const node = await this.node(name);
      return node?.metadata.uid === notUid ? undefined : node;
    });
  }

  /** Waits until the Node's condition Ready is `status`. @throws UsherError TIMED_OUT */
  async waitForReady(name: string, limitMs: number, status: 'True' | 'Unknown' = 'True'): Promise<NodeObject> {
    return until(systemClock, `node ${name} Ready=${status}`, limitMs, async () => {
      const node = await this.node(name);
      return node?.status.conditions?.some((each) => each.type === 'Ready' && each.status === status) === true
        ? node
        : undefined;
    });
  }

  /** `kubectl apply` of an object or of a manifest's text. */
  async apply(what: object | string): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], typeof what === 'string' ? what : JSON.stringify(what));
  }

  async kubectl(args: readonly string[], input = ''): Promise<string> {
    return (await this.server.machine.exec(['k3s', 'kubectl', ...args], { input, timeoutMs: 60_000 })).stdout;
  }

  #joinToken(bearer: string): string {
    return `K10${createHash('sha256').update(this.#ca).digest('hex')}::${bearer}`;
  }

  #asAdmin(method: 'GET' | 'DELETE', path: string): Promise<{ status: number; body: string }> {
    return this.supervisor.send(path, { ...this.admin, method });
  }

  async #readAdmin(): Promise<Sender> {
    const text = await readFile(this.server.machine.pathOnDisk('/etc/rancher/k3s/k3s.yaml'), 'utf8');
    const field = (name: string): string =>
      Buffer.from(new RegExp(`${name}: (\\S+)`).exec(text)?.[1] ?? '', 'base64').toString();
    return { certificate: { cert: field('client-certificate-data'), key: field('client-key-data') } };
  }

  #nodeArgs(): string[] {
    const own = existsSync(join(this.#imagesDir, 'stand-in-pause.tar')) ? STAND_IN_PAUSE : undefined;
    const name = process.env['USHER_PAUSE_IMAGE'] ?? own;
    const pause = name === undefined ? [] : ['--pause-image', name];
    const cgroupV1 = existsSync('/sys/fs/cgroup/cgroup.controllers') ? [] : ['--kubelet-arg', 'fail-cgroupv1=false'];
    return [...pause, ...cgroupV1];
  }
}
