import { z } from 'zod';

/**
 * `cli.json` in the state folder of an appliance (mode 0600): all that `usher …` on the same machine needs to talk to
 * it. Copied to another machine, it works from there too, with a `url` that is reachable from it.
 */
export const CliFile = z.object({
  url: z.url(),
  /** Certificate authority of the operators' page; pinned. */
  caPem: z.string(),
  /** API token: whoever has it is an operator. */
  token: z.string().min(32),
  /** For `usher kubectl`. */
  kubeconfig: z.string().optional(),
  k3s: z.string().optional(),
});
export type CliFile = z.infer<typeof CliFile>;

export const CLI_FILE_NAME = 'cli.json';
