import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { UsherError } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';

const KUBECTL_HELP = `
Runs the kubectl inside the appliance's k3s with the appliance's kubeconfig. Options of usher stand before kubectl's own
words; everything from the first word on is kubectl's.

Examples:
  usher kubectl get nodes --show-labels
  usher kubectl get devices,deviceclaims
  usher kubectl --k3s /usr/local/bin/k3s apply -f claims.yaml`;

interface KubectlOptions {
  k3s?: string;
  kubeconfig?: string;
}

/** Adds `kubectl …`. */
export function addKubectlCommand(program: Command): void {
  withCommonOptions(program.command('kubectl [args...]'))
    .description('Runs kubectl against the Kubernetes of the appliance.')
    .summary('run kubectl against the Kubernetes of the appliance')
    .option('--k3s <path>', 'the k3s binary to use')
    .option('--kubeconfig <file>', 'the kubeconfig to use')
    .passThroughOptions()
    .addHelpText('after', KUBECTL_HELP)
    .action(async (args: string[], options: KubectlOptions, command: Command) => {
      const found = options.k3s !== undefined && options.kubeconfig !== undefined;
      const appliance: KubectlOptions = found ? {} : new Context(command).appliance();
      const kubeconfig = options.kubeconfig ?? appliance.kubeconfig;
      const k3s = options.k3s ?? appliance.k3s ?? 'k3s';
      if (kubeconfig === undefined) {
        throw new UsherError('CONFIG_INVALID', { detail: 'cli.json names no kubeconfig: give --kubeconfig' });
      }
      process.exitCode = await run(k3s, ['kubectl', '--kubeconfig', kubeconfig, ...args]);
    });
}

/** The program's exit code; 128 + n when signal n ended it. @throws UsherError TOOL_MISSING */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    // Ctrl-C reaches kubectl by itself; usher stays to pass its exit code on.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    const forward = (): void => void child.kill('SIGTERM');
    process.on('SIGTERM', forward);
    child.on('error', (error) => {
      reject(new UsherError('TOOL_MISSING', { tool: program, package: 'k3s' }, { cause: error }));
    });
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
