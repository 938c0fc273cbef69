import type { Response } from 'express';
import { UsherError } from '../../foundation/errors.ts';

/**
 * Streams a file with Range and If-Range honoured. The tag names the content for ever, so it is the strong validator
 * that If-Range compares (RFC 9110 section 13.1.5).
 * @throws UsherError RANGE_UNSATISFIABLE; whatever broke the sending off
 */
export function sendFile(res: Response, path: string, { etag, type }: { etag: string; type: string }): Promise<void> {
  const headers = { ETag: `"${etag}"`, 'Content-Type': type };
  const options = { dotfiles: 'allow', cacheControl: false, lastModified: false, headers } as const;
  return new Promise((resolve, reject) => {
    // The callback's error is undefined in case of success, whatever its type says.
    res.sendFile(path, options, (error?: Error) => {
      if (error === undefined) resolve();
      else
        reject(
          'status' in error && error.status === 416
            ? new UsherError('RANGE_UNSATISFIABLE', {}, { cause: error })
            : error,
        );
    });
  });
}
