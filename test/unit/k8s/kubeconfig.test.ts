import { describe, expect, it } from 'vitest';
import { currentContext, needsLibrary } from '../../../k8s/client/kubeconfig.ts';

const CA = Buffer.from('ca').toString('base64');

function kubeconfig(cluster: object, user: object, current = 'site'): string {
  return JSON.stringify({
    'current-context': current,
    clusters: [
      { name: 'other', cluster: { server: 'https://192.0.2.9:6443' } },
      { name: 'c', cluster: { server: 'https://192.0.2.1:6443/', ...cluster } },
    ],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'site', context: { cluster: 'c', user: 'u' } }],
  });
}

describe('a kubeconfig', () => {
  it('gives the cluster and the user of its current context', () => {
    const text = kubeconfig(
      { 'certificate-authority-data': CA, 'tls-server-name': 'kubernetes' },
      { 'client-certificate-data': CA, 'client-key-data': CA, token: 't' },
    );
    const { cluster, user } = currentContext(text, '/etc/k');
    expect(cluster).toMatchObject({
      server: 'https://192.0.2.1:6443',
      caData: CA,
      tlsServerName: 'kubernetes',
      skipTLSVerify: false,
    });
    expect(user).toMatchObject({ certData: CA, keyData: CA, token: 't' });
  });

  it('names files beside itself', () => {
    const text = kubeconfig(
      { 'certificate-authority': 'ca.crt' },
      { 'client-certificate': '/abs/u.crt', 'client-key': 'u.key' },
    );
    const { cluster, user } = currentContext(text, '/etc/k');
    expect([cluster.caFile, user.certFile, user.keyFile]).toEqual(['/etc/k/ca.crt', '/abs/u.crt', '/etc/k/u.key']);
  });

  it.each([
    ['nothing', 'clusters: []'],
    ['a context that is not there', kubeconfig({}, {}, 'elsewhere')],
    ['text that is no YAML', '{'],
  ])('with %s is refused', (_what, text) => {
    expect(() => currentContext(text, '/')).toThrow();
  });

  it.each<[what: string, cluster: object, user: object, needed: boolean]>([
    ['a certificate', {}, { 'client-certificate-data': CA }, false],
    ['a token', {}, { token: 't' }, false],
    ['a program to run', {}, { exec: { command: 'get-token' } }, true],
    ['an auth provider', {}, { 'auth-provider': { name: 'oidc' } }, true],
    ['a proxy', { 'proxy-url': 'http://192.0.2.7:3128' }, {}, true],
  ])('with %s: the library is needed only where it must be', (_what, cluster, user, needed) => {
    expect(needsLibrary(currentContext(kubeconfig(cluster, user), '/'))).toBe(needed);
  });
});
