import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { Secret } from '../../../foundation/secret.ts';
import { createKubeClient } from '../../../k8s/client/create-kube-client.ts';
import { CONFIG_MAP } from '../../../k8s/core/resources.ts';

// The library's own limit for the beginning of an answer is 30 s.
it('a watch whose answer never begins ends with its informer', { timeout: 8_000 }, async () => {
  const asked = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    if (request.url?.includes('watch=true') === true) asked.resolve(undefined);
    else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const access = { server: `http://127.0.0.1:${String(port)}`, token: () => Promise.resolve(new Secret('t')) };
  const kube = createKubeClient({ access, logger: silentLogger, clock: systemClock });
  try {
    const informer = kube.inform(CONFIG_MAP);
    await informer.synced();
    await asked.promise;
    await informer.stop();
    expect(informer.list()).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
    await kube.close();
  }
});
