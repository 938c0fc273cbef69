import type { Command } from 'commander';
import type { SiteView } from '../../api/client/types.ts';
import { Context, withCommonOptions } from '../context.ts';
import { paint, safe } from '../output.ts';

/** Adds `status` and `sign-in-code`. */
export function addSiteCommands(program: Command): void {
  withCommonOptions(program.command('status'))
    .description('Says how the appliance is: its addresses, Kubernetes, and the sources of sightings.')
    .summary('say how the appliance is')
    .addHelpText('after', '\nExample:\n  usher status -o json')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const site = await context.client().site();
        context.printOne(site, () => statusText(site, context.appliance().url, context.color));
      });
    });
  withCommonOptions(program.command('sign-in-code'))
    .description('Makes a new one-time code for signing in to the page.')
    .summary('make a one-time code for the page')
    .addHelpText('after', '\nThe code works once, within ten minutes.\n\nExample:\n  usher sign-in-code')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const code = await context.client().newSignInCode();
        context.printOne(code, () => code.code);
        context.say(`Works once, until ${code.expiresAt}, at ${context.appliance().url}`);
      });
    });
}

function statusText(site: SiteView, url: string, color: boolean): string {
  const mark = (working: boolean): string => {
    const text = working ? 'ok' : 'down';
    return color ? paint(text, working ? 'good' : 'bad') : text;
  };
  const { kubernetes } = site;
  const lines = [
    `site        ${safe(site.name)} (usher ${safe(site.version)}, appliance ${safe(site.applianceId)})`,
    `page        ${url}`,
    `kubernetes  ${mark(kubernetes.ready)} ${safe(kubernetes.version)} at ${safe(kubernetes.server)}`,
    ...(kubernetes.standIn === undefined ? [] : [`            ${safe(kubernetes.standIn, 300)}`]),
    `enrolment   ${site.enrolUrls.map((text) => safe(text)).join(', ')}`,
    ...site.interfaces.map((at) => `interface   ${safe(at.name)} ${at.addresses.map((text) => safe(text)).join(', ')}`),
    ...site.sources.map(
      (source) => `source      ${mark(source.working)} ${safe(source.name)} ${safe(source.detail ?? '')}`,
    ),
  ];
  return lines.map((line) => line.trimEnd()).join('\n');
}
