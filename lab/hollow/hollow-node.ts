import type { Clock } from '../../foundation/clock.ts';
import { toRfc3339 } from '../../foundation/clock.ts';
import type { JoinTicket } from '../../join/protocol/messages.ts';
import type { HollowBoard } from './hollow-board.ts';
import { fetchClusterCa, K3sClient, newCertificateRequest, readJoinToken } from './k3s-client.ts';

export interface HollowNodeOptions {
  readonly board: HollowBoard;
  /** As Go names it: amd64, arm64. */
  readonly arch: string;
  readonly clock: Clock;
}

/** The certificates that an agent asks for, in its order (k3s-contract.md); the shared ones name no node. */
const CERTIFICATES = ['serving-kubelet', 'client-kubelet', 'client-kube-proxy', 'client-k3s-controller'] as const;
/** A kubelet's lease says how long it holds (KubeletConfiguration, nodeLeaseDurationSeconds). */
const LEASE_SEC = 40;
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';

/**
 * The k3s side of a hollow Pi: joins by the supervisor's real endpoints with what the ticket holds, registers its Node
 * with the kubelet's certificate and keeps it Ready by its Lease. It runs no container and says so in its Node.
 */
export class HollowNode {
  readonly #options: HollowNodeOptions;
  readonly #kubelet: K3sClient;
  readonly #name: string;
  #leaseExists = false;

  private constructor(options: HollowNodeOptions, kubelet: K3sClient, name: string) {
    this.#options = options;
    this.#kubelet = kubelet;
    this.#name = name;
  }

  /** Fetches the certificates that the ticket gives a right to. @throws UsherError HOLLOW_PI_FAILED */
  static async join(ticket: JoinTicket, options: HollowNodeOptions): Promise<HollowNode> {
    const { name, address } = options.board;
    const { caHash, bearer } = readJoinToken(name, ticket.token);
    const target = { machine: name, server: ticket.server, localAddress: address };
    const caPem = await fetchClusterCa(target, caHash);
    const joining = new K3sClient({ ...target, caPem });
    try {
      const authorization = `Bearer ${bearer}`;
      await joining.send('/v1-k3s/config', { headers: { authorization } });
      const { key, csr } = await newCertificateRequest();
      const headers = {
        authorization,
        'k3s-Node-Name': ticket.nodeName,
        'k3s-Node-Password': ticket.nodePassword,
        'k3s-Node-IP': address,
      };
      let cert = '';
      for (const kind of CERTIFICATES) {
        const issued = await joining.send(`/v1-k3s/${kind}.crt`, { method: 'POST', headers, body: csr });
        if (kind === 'client-kubelet') cert = issued;
      }
      return new HollowNode(options, new K3sClient({ ...target, caPem, certificate: { cert, key } }), ticket.nodeName);
    } finally {
      joining.close();
    }
  }

  /** Makes the Node object, not ready yet, as a kubelet does at its start. @throws UsherError HOLLOW_PI_FAILED */
  async register(): Promise<void> {
    const { arch } = this.#options;
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: this.#name,
        labels: {
          'beta.kubernetes.io/arch': arch,
          'beta.kubernetes.io/os': 'linux',
          'kubernetes.io/arch': arch,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/hostname': this.#name,
        },
        annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
      },
      status: this.#status(false),
    };
    await this.#kubelet.send('/api/v1/nodes', json('POST', node));
  }

  /** Says that the Node is Ready. @throws UsherError HOLLOW_PI_FAILED */
  async becomeReady(): Promise<void> {
    const status = this.#status(true);
    await this.#kubelet.send(`/api/v1/nodes/${this.#name}/status`, json('PATCH', { status }, STRATEGIC_PATCH));
  }

  /** Renews the Lease, and makes it the first time. @throws UsherError HOLLOW_PI_FAILED */
  async renewLease(): Promise<void> {
    const renewTime = toRfc3339(this.#options.clock.nowMs()).replace('Z', '000Z');
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    if (this.#leaseExists) {
      const patch = { spec: { renewTime } };
      await this.#kubelet.send(`${path}/${this.#name}`, json('PATCH', patch, MERGE_PATCH));
      return;
    }
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.#name, namespace: 'kube-node-lease' },
      spec: { holderIdentity: this.#name, leaseDurationSeconds: LEASE_SEC, renewTime },
    };
    await this.#kubelet.send(path, json('POST', lease));
    this.#leaseExists = true;
  }

  /** Says Ready again when the control plane has come to doubt it, as a kubelet does. @throws UsherError HOLLOW_PI_FAILED */
  async affirm(): Promise<void> {
    const node = JSON.parse(await this.#kubelet.send(`/api/v1/nodes/${this.#name}?resourceVersion=0`)) as {
      status?: { conditions?: { type: string; status: string }[] };
    };
    const isReady = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (isReady !== true) await this.becomeReady();
  }

  close(): void {
    this.#kubelet.close();
  }

  #status(isReady: boolean): object {
    const { board, arch, clock } = this.#options;
    const now = toRfc3339(clock.nowMs()).replace(/\.\d+Z$/, 'Z');
    const condition = (type: string, status: boolean, reason: string, message: string): object => ({
      ...{ type, status: status ? 'True' : 'False', reason, message },
      ...{ lastHeartbeatTime: now, lastTransitionTime: now },
    });
    return {
      addresses: [
        { type: 'InternalIP', address: board.address },
        { type: 'Hostname', address: this.#name },
      ],
      capacity: { cpu: '4', memory: '3884344Ki', pods: '0' },
      allocatable: { cpu: '4', memory: '3884344Ki', pods: '0' },
      conditions: [
        condition('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        isReady
          ? condition('Ready', true, 'KubeletReady', 'hollow: no container runs here')
          : condition('Ready', false, 'KubeletNotReady', 'hollow: not up yet'),
      ],
      nodeInfo: {
        ...{ machineID: board.serial, systemUUID: board.serial, bootID: board.serial, kernelVersion: 'hollow' },
        ...{ osImage: 'hollow Pi of the lab', containerRuntimeVersion: 'none://0', kubeletVersion: 'v0.0.0-hollow' },
        ...{ kubeProxyVersion: '', operatingSystem: 'linux', architecture: arch },
      },
    };
  }
}

function json(
  method: 'POST' | 'PATCH',
  content: object,
  contentType = 'application/json',
): { method: 'POST' | 'PATCH'; headers: Record<string, string>; body: string } {
  return { method, headers: { 'content-type': contentType }, body: JSON.stringify(content) };
}
