import {
  ManifestOutcome,
  ManifestPreview,
  type ManifestFormat,
  type ManifestImport,
  type ManifestText,
} from '../core/schemas/manifests.ts';
import { checkedReply } from './checked-reply.ts';
import type { Http } from './http.ts';

/** Some thousand claims are first tried out and then written. */
const IMPORT_TIMEOUT_MS = 300_000;

/** Files of claims. Errors as of ApiClient. */
export class ManifestClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** What importing the file would do. */
  preview({ format, text }: ManifestText): Promise<ManifestPreview> {
    const path = '/api/v1/claims/preview';
    return checkedReply(this.#http, ManifestPreview, { method: 'POST', path, body: { format, text } });
  }

  /** Imports a file as it was previewed. */
  import(file: ManifestImport): Promise<ManifestOutcome> {
    const call = { method: 'POST', path: '/api/v1/claims/import', body: file, timeoutMs: IMPORT_TIMEOUT_MS } as const;
    return checkedReply(this.#http, ManifestOutcome, call);
  }

  /** All claims as a file that import takes. */
  export(format: ManifestFormat): Promise<string> {
    return this.#http.text({
      method: 'GET',
      path: `/api/v1/claims/export?format=${format}`,
      headers: { accept: '*/*' },
    });
  }
}
