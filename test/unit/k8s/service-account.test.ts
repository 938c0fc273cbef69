import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { Secret } from '../../../foundation/secret.ts';
import type { ServiceAccountToken } from '../../../k8s/client/create-kube-client.ts';
import { serviceAccountClient, ServiceAccountTokens } from '../../../k8s/service-account.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { issue } from '../../support/test-authority.ts';

const MINUTE_MS = 60_000;

function start(grantedMs = 60 * MINUTE_MS) {
  const clock = new ManualClock(Date.now());
  const issuer = { made: 0, fails: false };
  const requestServiceAccountToken = async (): Promise<ServiceAccountToken> => {
    await Promise.resolve();
    if (issuer.fails) throw new UsherError('KUBE_UNREACHABLE', { detail: 'down' });
    issuer.made += 1;
    return { token: new Secret(`token-${String(issuer.made)}`), expiresAtMs: clock.nowMs() + grantedMs };
  };
  const tokens = new ServiceAccountTokens({ admin: { requestServiceAccountToken }, clock, logger: silentLogger });
  const token = async (): Promise<string> => (await tokens.token()).reveal();
  return { clock, issuer, token, requestServiceAccountToken };
}

describe('tokens of the ServiceAccount', () => {
  it('are asked for once by many, and kept for half of their life', async () => {
    const { clock, issuer, token } = start();
    expect(await Promise.all([token(), token(), token()])).toEqual(['token-1', 'token-1', 'token-1']);
    clock.advance(29 * MINUTE_MS);
    expect(await token()).toBe('token-1');
    expect(issuer.made).toBe(1);
  });

  it('are renewed in the background, and the old one serves meanwhile', async () => {
    const { clock, token } = start();
    await token();
    clock.advance(31 * MINUTE_MS);
    expect(await token()).toBe('token-1');
    await expect.poll(token).toBe('token-2');
  });

  it('serve on while the API server is away, until the last minute', async () => {
    const { clock, issuer, token } = start();
    await token();
    issuer.fails = true;
    clock.advance(50 * MINUTE_MS);
    expect(await token()).toBe('token-1');
    clock.advance(9.5 * MINUTE_MS);
    await expect(token()).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    issuer.fails = false;
    expect(await token()).toBe('token-2');
  });

  it(
    'are replaced when the API server refuses them, without breaking the requests that run meanwhile',
    { timeout: 60_000 },
    async () => {
      const { clock, issuer, requestServiceAccountToken } = start();
      const refused = new Set(['Bearer token-1']);
      const authority = await issue('authority', { isAuthority: true });
      const server = createServer(
        await issue('server', { names: ['127.0.0.1'], issuer: authority }),
        (request, response) => {
          response.writeHead(refused.has(request.headers.authorization ?? '') ? 401 : 200).end('ok');
        },
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening', { signal: AbortSignal.timeout(5_000) });
      const endpoint = {
        server: `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
        caPem: authority.cert,
      };
      const admin = { endpoint, requestServiceAccountToken };
      const client = serviceAccountClient({ admin, clock, logger: silentLogger });
      try {
        expect(await Promise.all(['/a', '/b', '/c'].map((path) => client.getRaw(path)))).toEqual(['ok', 'ok', 'ok']);
        const { made } = issuer;
        await client.getRaw('/a');
        expect(issuer.made).toBe(made);
        for (let i = 1; i < 10; i += 1) refused.add(`Bearer token-${String(i)}`);
        await expect(client.getRaw('/a')).rejects.toMatchObject({ code: 'KUBE_FAILED' });
      } finally {
        await client.close();
        server.close();
      }
    },
  );
});
