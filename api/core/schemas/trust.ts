import { z } from 'zod';

/** GET /api/v1/page-certificate: who vouches for this page, and until when. */
export const PageCertificateView = z.object({
  /**
   * `SiteCa`: the authority of this site, which a browser must be told to trust. `Given`: what --tls-cert names. `Acme`: the
   * server of --acme-directory.
   */
  issuer: z.enum(['SiteCa', 'Given', 'Acme']),
  /** SHA-256 of the certificate of the site's authority, lower-case hex. */
  caFingerprint: z.string(),
  notAfter: z.iso.datetime(),
  /** Host names and addresses of the certificate. */
  names: z.array(z.string()),
  /** With --acme-directory: the directory, and when the next certificate is ordered. */
  acme: z.object({ url: z.string(), nextOrderAt: z.iso.datetime() }).optional(),
  /** Why the certificate that was meant for the page is not, or will not be, the one that serves. */
  trouble: z.object({ code: z.string(), message: z.string(), remedy: z.string(), since: z.iso.datetime() }).optional(),
});
export type PageCertificateView = z.infer<typeof PageCertificateView>;
