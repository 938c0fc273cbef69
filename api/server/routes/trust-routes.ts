import { X509Certificate } from 'node:crypto';
import { Router, type Response } from 'express';
import type { PageCertificateView } from '../../core/schemas.ts';
import type { PageCertificate } from '../page-certificate/page-certificate.ts';
import { mobileProfile } from '../trust/mobile-profile.ts';
import { TRUST_STYLE, trustPage } from '../trust/trust-page.ts';

/**
 * `/trust`: how to trust the site's authority, and its certificate in the forms that systems take. Anybody may see it,
 * also over a connection that is not trusted yet: that is what it is for.
 */
export function trustPages({ siteCa }: PageCertificate): Router {
  const router = Router();
  const { raw } = new X509Certificate(siteCa.caPem);
  const give = (response: Response, type: string, body: string | Buffer): void => {
    // As bytes: to a text Express would add a charset, which these types do not have.
    response.setHeader('content-type', type).setHeader('cache-control', 'no-store').send(Buffer.from(body));
  };
  router.get('/', (_request, response) => give(response, 'text/html; charset=utf-8', trustPage(siteCa.fingerprint)));
  router.get('/style.css', (_request, response) => give(response, 'text/css; charset=utf-8', TRUST_STYLE));
  router.get('/ca.pem', (_request, response) => give(response, 'application/x-pem-file', siteCa.caPem));
  router.get('/ca.crt', (_request, response) => give(response, 'application/x-x509-ca-cert', raw));
  router.get('/ca.mobileconfig', (_request, response) =>
    give(response, 'application/x-apple-aspen-config', mobileProfile(raw, siteCa.fingerprint)),
  );
  return router;
}

/** Who vouches for the page. */
export function pageCertificateRoutes(certificate: PageCertificate): Router {
  const router = Router();
  router.get('/page-certificate', (_request, response) => {
    response.json(certificate.view() satisfies PageCertificateView);
  });
  return router;
}
