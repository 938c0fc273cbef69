import type { Command } from 'commander';
import type { PageCertificateView } from '../../api/client/types.ts';
import { fingerprintText } from '../../foundation/fingerprint-text.ts';
import { Context, withCommonOptions } from '../context.ts';
import { safe } from '../output.ts';

const HELP = `
Nobody outside the site knows the appliance, so browsers warn at its page until they trust the site's own authority. The
page at /trust tells how, for each system. Compare the fingerprint that the phone or computer shows with this one.

A certificate of your own (usher start --tls-cert FILE --tls-key FILE), or one from an ACME server of your network (usher
start --acme-directory URL --page-host NAME), needs none of this where its authority is known.

Examples:
  usher trust
  usher trust --pem > usher-ca.pem`;

/** Adds `trust`. */
export function addTrustCommand(program: Command): void {
  withCommonOptions(program.command('trust'))
    .description('Says who vouches for the page, and the fingerprint to compare before you trust it.')
    .summary('say who vouches for the page, and the fingerprint to compare')
    .option('--pem', "print the site authority's certificate instead")
    .addHelpText('after', HELP)
    .action(async (options: { pem?: true }, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        if (options.pem === true) {
          context.print(await context.client().trustPem());
          return;
        }
        const view = await context.client().pageCertificate();
        context.printOne(view, () => trustText(view, context.appliance().url));
      });
    });
}

/** What went wrong is said to the end. */
const WHOLE = 2000;
const VOUCHERS: Record<PageCertificateView['issuer'], string> = {
  SiteCa: "the site's own authority",
  Given: 'your own certificate (--tls-cert)',
  Acme: 'the ACME server (--acme-directory)',
};

function trustText(view: PageCertificateView, url: string): string {
  const { issuer, caFingerprint, notAfter, names, acme, trouble } = view;
  return [
    `vouched for by  ${VOUCHERS[issuer]}, until ${notAfter.slice(0, 10)}`,
    `names           ${names.map((name) => safe(name)).join(', ')}`,
    ...(acme === undefined ? [] : [`ACME server     ${safe(acme.url)}, next order ${acme.nextOrderAt}`]),
    ...(trouble === undefined
      ? []
      : [
          `trouble         ${safe(trouble.message, WHOLE)} [${trouble.code}]`,
          `remedy          ${safe(trouble.remedy, WHOLE)}`,
        ]),
    `authority       SHA-256 ${fingerprintText(caFingerprint)}`,
    `how to trust    ${url}/trust`,
  ].join('\n');
}
