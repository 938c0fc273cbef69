import { systemClock } from '../../../foundation/clock.ts';
import type { Machine } from '../../../lab/machine.ts';
import { until } from '../../../lab/wait.ts';

const LOG = '/var/log/k3s.log';
const PID = '/run/k3s.pid';
export const DATA = '/var/lib/rancher/k3s';

/** Where this kind of machine forbids lowering oom_score_adj, containerd must not try (contract line 20). */
const CONTAINERD_DROP_IN = `version = 3
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
`;

const START = `
mkdir -p ${DATA}/agent/etc/containerd/config-v3.toml.d
cat >${DATA}/agent/etc/containerd/config-v3.toml.d/lab.toml
setsid k3s "$@" >${LOG} 2>&1 </dev/null &
echo $! >${PID}
`;

/** A machine on which k3s is started and stopped by hand. */
export class K3sMachine {
  readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get name(): string {
    return this.machine.name;
  }

  /** Starts k3s with a new log; the machine must be on. */
  async start(args: readonly string[]): Promise<void> {
    await this.machine.exec(['sh', '-c', START, 'sh', ...args], { input: CONTAINERD_DROP_IN });
  }

  /** Kills k3s (SIGKILL); pods live on. */
  async killK3s(): Promise<void> {
    await this.machine.exec(['sh', '-c', `kill -9 "$(cat ${PID})"`], { allowFailure: true });
  }

  async isRunning(): Promise<boolean> {
    const { code } = await this.machine.exec(['sh', '-c', `kill -0 "$(cat ${PID})"`], { allowFailure: true });
    return code === 0;
  }

  /** Pulls the power; the disk stays. */
  async powerCut(): Promise<void> {
    await this.machine.kill();
  }

  async boot(): Promise<void> {
    await this.machine.boot();
  }

  /** Power off, an empty disk, power on. */
  async reflash(): Promise<void> {
    await this.machine.reflash([]);
    await this.machine.boot();
  }

  /** What k3s printed since it was started last. */
  async log(): Promise<string> {
    return (await this.machine.readFile(LOG)) ?? '';
  }

  /** Waits until the log shows `pattern` at least `times` times. @throws UsherError TIMED_OUT */
  async waitForLog(pattern: RegExp, limitMs: number, times = 1): Promise<void> {
    const all = new RegExp(pattern.source, 'g');
    await until(systemClock, `${this.name}: ${pattern.source}`, limitMs, async () => {
      return ((await this.log()).match(all) ?? []).length >= times ? true : undefined;
    });
  }

  /** Memory of all processes that are k3s or its children and not pods, each shared page counted in parts, in MiB. */
  async memoryMiB(): Promise<number> {
    const script = `
      for process in /proc/[0-9]*; do
        case $(tr '\\0' ' ' <"$process/cmdline" 2>/dev/null) in
        *k3s* | *kube* | *containerd* | *etcd*) cat "$process/smaps_rollup" 2>/dev/null ;;
        esac
      done | awk '/^Pss:/ { sum += $2 } END { print int(sum / 1024) }'`;
    return Number((await this.machine.exec(['sh', '-c', script])).stdout);
  }
}
