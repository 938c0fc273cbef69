import type { Command } from 'commander';
import type { SiteImage } from '../../api/client/types.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, safe, type Column } from '../output.ts';

const OCI_HELP = `
An archive is what npm run images writes, or what buildah push oci-archive:FILE, podman save and docker save write (also
gzipped). Nodes get images from here and from nowhere else; a pod names an image as usher oci list shows it.
docs/images.md says how to make one.

Examples:
  usher oci load usher-node-0.1.0.oci.tar
  docker save my-sensor:1 -o my-sensor.tar && usher oci load my-sensor.tar --name usher.internal/my-sensor:1
  usher oci list -o json | jq '.items[].name'
  usher oci remove usher.internal/my-sensor:1`;

const COLUMNS = (nowMs: number): Column<SiteImage>[] => [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'PLATFORMS', cell: (row) => row.platforms.join(',') },
  { title: 'SIZE', cell: (row) => mib(row.bytes) },
  { title: 'AGE', cell: (row) => ageText(row.loadedAt, nowMs) },
  { title: 'DIGEST', cell: (row) => row.digest, wide: true },
];
const PROGRESS_EVERY_MS = 2_000;

/** Adds `oci …`. */
export function addOciCommands(program: Command): void {
  const oci = program
    .command('oci')
    .description('Container images: brings them to the site, from where its nodes get them.')
    .summary('load, list and remove container images')
    .addHelpText('after', OCI_HELP);
  withCommonOptions(oci.command('list', { isDefault: true }))
    .description('Lists the images of the site.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const items = await context.client().images.list();
        context.printList(items, COLUMNS(context.clock.nowMs()), 'The site has no images; usher oci load brings some.');
      });
    });
  withCommonOptions(oci.command('load <file...>'))
    .description('Brings the images of archives to the site. An image of a name that is there replaces it.')
    .option('--name <name>', 'what to call the image of an archive that has one and does not say')
    .addHelpText('after', OCI_HELP)
    .action(async (files: string[], options: { name?: string }, command: Command) => {
      const context = new Context(command);
      await context.using(() => load(context, files, options.name));
    });
  withCommonOptions(oci.command('remove <name>'))
    .description('Takes an image off the site; nodes that have it keep it.')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        await context.client().images.remove(name);
        context.printOne({ name, removed: true }, () => `image ${safe(name)} removed`);
      });
    });
}

async function load(context: Context, files: readonly string[], name: string | undefined): Promise<void> {
  const loaded: SiteImage[] = [];
  for (const file of files) {
    let toldMs = context.clock.nowMs();
    const onProgress = (sentBytes: number, totalBytes: number): void => {
      const nowMs = context.clock.nowMs();
      if (nowMs - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = nowMs;
      context.say(`${safe(file)}: ${mib(sentBytes)} of ${mib(totalBytes)} sent`);
    };
    loaded.push(...(await context.client().images.load(file, { name, onProgress })));
  }
  context.printList(loaded, COLUMNS(context.clock.nowMs()), 'There was no image in it.');
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
