import { createHash } from 'node:crypto';
import { request } from 'node:https';
import type { Logger } from '../../../foundation/logger.ts';
import { messageOf } from '../../../foundation/errors.ts';
import type { WayToServer } from '../core/k3s-config.ts';

const TIMEOUT_MS = 3_000;
const LARGEST_CA_BYTES = 64 * 1024;

/**
 * True when the k3s supervisor there answers and shows the CA that the token stands for (k3s-contract.md, line 1). Nothing
 * is sent to it, so its certificate need not be believed.
 */
export function answers({ server, caHash }: WayToServer, logger: Logger): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request(
      new URL('/cacerts', server),
      { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) },
      (response) => {
        const hash = createHash('sha256');
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          hash.update(chunk);
          if (bytes > LARGEST_CA_BYTES) outgoing.destroy();
        });
        response.once('end', () => resolve(response.statusCode === 200 && hash.digest('hex') === caHash));
        response.once('error', () => resolve(false));
      },
    );
    outgoing.once('error', (error) => {
      logger.debug({ server, detail: messageOf(error) }, 'the k3s server does not answer');
      resolve(false);
    });
    outgoing.once('close', () => resolve(false));
    outgoing.end();
  });
}
