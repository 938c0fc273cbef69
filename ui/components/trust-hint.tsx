import type { PageTrust } from '../trust.ts';
import { useWords } from '../words.tsx';

/** Before anybody signs in: what will not work where the browser does not trust the page, why, and where that is mended. */
export function TrustHint({ trust }: { trust: PageTrust }) {
  const { m } = useWords();
  if (trust.isTrusted.value !== false) return null;
  return (
    <aside class="note wary" aria-labelledby="trust-hint">
      <strong id="trust-hint">{m.screens.settings.untrusted}</strong>
      <span>{m.signIn.untrustedWhy}</span>
      <a href="/trust">{m.screens.scan.trust}</a>
    </aside>
  );
}
