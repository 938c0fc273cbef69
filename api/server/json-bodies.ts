import express, { type RequestHandler } from 'express';
import { MOST_MANIFEST_CHARACTERS } from '../core/schemas/manifests.ts';
import { MAX_BODY_BYTES } from './error-reply.ts';

/** Requests with a whole file in them, below the API's root. */
const FILE_PATHS: ReadonlySet<string> = new Set(['/v1/claims/preview', '/v1/claims/import']);
/** In JSON each line end and quote of the file takes two bytes, and a letter beyond ASCII up to four. */
const MAX_FILE_BODY_BYTES = 2 * MOST_MANIFEST_CHARACTERS;

/** Reads JSON bodies, but leaves those with a file to {@link fileBodies}. */
export function smallBodies(): RequestHandler {
  const read: RequestHandler = express.json({ limit: MAX_BODY_BYTES });
  return (request, response, next) => {
    if (FILE_PATHS.has(request.path)) next();
    else read(request, response, next);
  };
}

/** Reads JSON bodies with a file in them: to be put behind the question who asks, so that no stranger can send any. */
export function fileBodies(): RequestHandler {
  return express.json({ limit: MAX_FILE_BODY_BYTES });
}
