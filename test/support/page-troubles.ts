import type { Page } from 'playwright-core';

/** What a refusal by the appliance, or a cut connection, makes the browser say by itself. */
const EXPECTED = /^Failed to load resource: (the server responded with a status of [45]|net::ERR_)/;
const TELL_POLICY = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('Content-Security-Policy: ' + event.effectiveDirective + ' ' + event.blockedURI);
});`;

/**
 * Notes into `troubles` what a page must never do: ask another origin for anything, violate its Content-Security-Policy,
 * or have an error in its console.
 */
export async function watchForTroubles(page: Page, origin: string, troubles: string[]): Promise<void> {
  await page.addInitScript({ content: TELL_POLICY });
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.origin !== origin) troubles.push(`request: ${request.url()}`);
  });
}
