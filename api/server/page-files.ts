import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router } from 'express';
import { UsherError } from '../../foundation/errors.ts';

/** Vite puts a hash of the content into the names below this folder: they never change. */
const HASHED = '/assets/';

/** Serves the page: its files, and the page itself for every other path that a browser asks for. */
export function pageFiles(uiDir: string): Router {
  const router = Router();
  router.use(
    express.static(uiDir, {
      index: false,
      dotfiles: 'ignore',
      redirect: false,
      setHeaders: (response, path) => {
        const isHashed = path.slice(uiDir.length).includes(HASHED);
        response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    }),
  );
  router.get('/*path', serveIndex(uiDir)).get('/', serveIndex(uiDir));
  return router;
}

function serveIndex(uiDir: string): express.RequestHandler {
  return (request, response, next) => {
    if (request.path.startsWith(HASHED) || request.accepts('html') === false) {
      throw new UsherError('ROUTE_UNKNOWN', { path: request.path });
    }
    const index = join(uiDir, 'index.html');
    if (!existsSync(index)) throw new UsherError('PAGE_NOT_BUILT');
    response.setHeader('cache-control', 'no-cache');
    response.sendFile(index, (error: Error | undefined) => {
      // The reader went away in the middle: nothing to tell and nobody to tell it to.
      if (error !== undefined && !response.headersSent) next(error);
    });
  };
}
