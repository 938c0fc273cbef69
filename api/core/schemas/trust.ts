import { z } from 'zod';

/** GET /api/v1/page-certificate: who vouches for this page, and until when. */
export const PageCertificateView = z.object({
  /** `SiteCa`: the authority of this site, which a browser must be told to trust. `Given`: what --tls-cert names. */
  issuer: z.enum(['SiteCa', 'Given']),
  /** SHA-256 of the certificate of the site's authority, lower-case hex. */
  caFingerprint: z.string(),
  notAfter: z.iso.datetime(),
  /** Host names and addresses of the certificate. */
  names: z.array(z.string()),
});
export type PageCertificateView = z.infer<typeof PageCertificateView>;
