/** A fingerprint as people compare it: groups of four, upper case. @param hex as `PageCertificateView.caFingerprint` */
export function fingerprintText(hex: string): string {
  return (hex.toUpperCase().match(/.{1,4}/g) ?? []).join(' ');
}
