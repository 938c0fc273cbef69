import { UsherError } from '../../foundation/errors.ts';

/** The product runs on Node 24; a run under another version would prove nothing. */
export default function assertNodeVersion(): void {
  if (Number(process.versions.node.split('.')[0]) < 24)
    throw new UsherError('NODE_TOO_OLD', { version: process.version });
}
