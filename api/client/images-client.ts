import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { SiteImageList, type SiteImage } from '../core/schemas.ts';
import { checkedReply } from './checked-reply.ts';
import type { Http } from './http.ts';
import { requestTo } from './request-to.ts';

/** The master checks an archive when it has all of it. */
const LOAD_TIMEOUT_MS = 600_000;

/** Container images of the site. Errors as those of the ApiClient. */
export class ImagesClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async list(): Promise<SiteImage[]> {
    return (await checkedReply(this.#http, SiteImageList, requestTo('GET', '/api/v1/oci/images'))).items;
  }

  /**
   * Sends an archive of images as it is on the disk.
   * @param onProgress is told how much was sent
   * @throws UsherError CONFIG_INVALID when the file cannot be read
   */
  async load(
    path: string,
    {
      name,
      onProgress,
    }: { name?: string | undefined; onProgress?: (sentBytes: number, totalBytes: number) => void } = {},
  ): Promise<SiteImage[]> {
    const found = await stat(path).catch((error: unknown) => {
      throw new UsherError('CONFIG_INVALID', { detail: `${path}: ${messageOf(error)}` }, { cause: error });
    });
    const stream = createReadStream(path, { highWaterMark: 1 << 18 });
    let sent = 0;
    stream.on('data', (chunk) => {
      sent += chunk.length;
      onProgress?.(sent, found.size);
    });
    const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
    const call = { method: 'POST', path: `/api/v1/oci/images${query}`, timeoutMs: LOAD_TIMEOUT_MS } as const;
    const file = { stream, bytes: found.size, type: 'application/x-tar' };
    try {
      return (await checkedReply(this.#http, SiteImageList, { ...call, file })).items;
    } finally {
      stream.destroy();
    }
  }

  /** Nodes that have it keep it. */
  async remove(name: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/oci/images/{name}', { params: { name } }));
  }
}
