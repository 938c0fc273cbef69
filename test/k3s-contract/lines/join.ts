import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../../foundation/secret.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { hashNodePassword, verifyNodePassword } from '../../../k8s/node-password.ts';
import { until } from '../../../lab/wait.ts';
import { type ContractCluster, JOIN_LIMIT_MS } from '../support/contract-cluster.ts';

const HOUR_MS = 3_600_000;
const PASSWORD_FILE = '/etc/rancher/node/password';
const SECRETS = '/api/v1/namespaces/kube-system/secrets';

interface PasswordSecret {
  readonly metadata: { readonly ownerReferences?: readonly { readonly kind: string; readonly uid: string }[] };
  readonly type: string;
  readonly data: { readonly hash: string };
}

/** Lines 1 to 7: the CA, tokens, node passwords. */
export function joinLines(cluster: () => ContractCluster): void {
  it('1: /cacerts gives one self-signed certificate to anybody, and tokens carry its hash', async () => {
    const { supervisor, server, startedMs } = cluster();
    const { status, body } = await supervisor.send('/cacerts');
    expect(status).toBe(200);
    expect(body.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    const certificate = new X509Certificate(body);
    expect(certificate.checkIssued(certificate)).toBe(true);
    const token = await server.machine.readFile('/var/lib/rancher/k3s/server/token');
    expect(token).toContain(`K10${createHash('sha256').update(body).digest('hex')}::server:`);
    const notBeforeMs = Date.parse(certificate.validFrom);
    expect(Math.abs(startedMs - HOUR_MS - notBeforeMs)).toBeLessThan(60_000);
  });

  it('2: a Secret that we make is a join token', async () => {
    const { alpha } = cluster();
    const token = await cluster().makeToken();
    const startMs = performance.now();
    await cluster().startAgent(alpha, { token: token.join });
    await cluster().waitForNode('alpha', JOIN_LIMIT_MS);
    const objectMs = performance.now() - startMs;
    await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
    const readyMs = performance.now() - startMs;
    console.log(`line 2: Node object after ${Math.round(objectMs)} ms, Ready after ${Math.round(readyMs)} ms`);
    await cluster().deleteToken(token);
  });

  it('3: a token joins more than one machine, under any name', async () => {
    const { alpha, beta } = cluster();
    const token = await cluster().makeToken();
    await Promise.all([alpha, beta].map((machine) => machine.powerCut()));
    await cluster().deleteNode('alpha');
    await Promise.all([alpha, beta].map((machine) => machine.reflash()));
    await cluster().startAgent(alpha, { token: token.join });
    await cluster().startAgent(beta, { token: token.join, name: 'another' });
    await Promise.all(['alpha', 'another'].map((name) => cluster().waitForReady(name, JOIN_LIMIT_MS)));
    await cluster().deleteToken(token);
    await beta.powerCut();
    await cluster().deleteNode('another');
  });

  it('4: a deleted token is accepted for some seconds more from who has used it, and from nobody else', async () => {
    const { supervisor } = cluster();
    const [used, unused] = [await cluster().makeToken(), await cluster().makeToken()];
    const status = async (bearer: string): Promise<number> =>
      (await supervisor.send('/v1-k3s/config', { bearer })).status;
    expect(await status(used.bearer)).toBe(200);
    await Promise.all([cluster().deleteToken(used), cluster().deleteToken(unused)]);
    const startMs = performance.now();
    expect(await status(used.bearer)).toBe(200);
    await expect.poll(() => status(unused.bearer), { timeout: 3000 }).toBe(401);
    await expect.poll(() => status(used.bearer), { timeout: 25_000, interval: 100 }).toBe(401);
    const lingerMs = performance.now() - startMs;
    console.log(`line 4: accepted for ${Math.round(lingerMs)} ms after it was deleted`);
    expect(lingerMs).toBeGreaterThan(5000);
  });

  it('5: a node-password Secret made beforehand binds the name', async () => {
    const { supervisor } = cluster();
    const token = await cluster().makeToken();
    const password = randomBytes(16).toString('hex');
    await cluster().create(
      SECRETS,
      passwordSecret('bound', await hashNodePassword(new Secret(password), randomBytes(8))),
    );
    const ask = async (given: string): Promise<number> =>
      (await supervisor.askCertificate('client-kubelet', token, { name: 'bound', password: given })).status;
    expect(await ask('another-password')).toBe(403);
    expect(await ask(password)).toBe(200);
    expect(await ask('another-password')).toBe(403);
    await cluster().deleteToken(token);
  });

  it('5: the Secret that k3s makes itself has a hash of the same form', async () => {
    const secret = await cluster().get<PasswordSecret>(`${SECRETS}/alpha.node-password.k3s`);
    const password = (await cluster().alpha.machine.readFile(PASSWORD_FILE))?.trim() ?? '';
    expect(secret?.type).toBe('k3s.cattle.io/node-password');
    const hash = Buffer.from(secret?.data.hash ?? '', 'base64').toString();
    expect(await verifyNodePassword(new Secret(password), hash)).toBe(true);
  });

  it('6: the Secret belongs to the Node, and goes when the Node is deleted', async () => {
    const { alpha } = cluster();
    const path = `${SECRETS}/alpha.node-password.k3s`;
    const node = await cluster().node('alpha');
    const owner = await until(systemClock, 'an owner of the Secret', 10_000, async () => {
      return (await cluster().get<PasswordSecret>(path))?.metadata.ownerReferences?.[0];
    });
    expect(owner).toMatchObject({ kind: 'Node', uid: node?.metadata.uid });
    await alpha.powerCut();
    await cluster().kubectl(['delete', 'node', 'alpha']);
    const startMs = performance.now();
    await expect.poll(() => cluster().get(path), { timeout: 10_000, interval: 50 }).toBeUndefined();
    console.log(`line 6: the Secret went ${Math.round(performance.now() - startMs)} ms after its Node`);
  });

  it('7: when its Secret cannot be made, a machine gets its certificate all the same', async () => {
    const { supervisor } = cluster();
    const token = await cluster().makeToken();
    await cluster().apply(denySecrets('unlucky'));
    const create = (): Promise<number> => cluster().create(`${SECRETS}?dryRun=All`, passwordSecret('unlucky', 'x'));
    await expect.poll(create, { timeout: 15_000 }).toBe(422);
    const node = { name: 'unlucky', password: 'whatever' };
    expect((await supervisor.askCertificate('client-kubelet', token, node)).status).toBe(200);
    expect(await cluster().get(`${SECRETS}/unlucky.node-password.k3s`)).toBeUndefined();
    await cluster().kubectl(['delete', '-f', '-'], denySecrets('unlucky'));
    await cluster().deleteToken(token);
  });
}

function passwordSecret(node: string, hash: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${node}.node-password.k3s`, namespace: 'kube-system' },
    type: 'k3s.cattle.io/node-password',
    immutable: true,
    stringData: { hash },
  };
}

/** A policy under which nobody can make the node-password Secret of `node`. */
function denySecrets(node: string): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: contract-deny-secret}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [secrets]}]}
  validations: [{expression: "object.metadata.name != '${node}.node-password.k3s'"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: contract-deny-secret}
spec: {policyName: contract-deny-secret, validationActions: [Deny]}
`;
}
