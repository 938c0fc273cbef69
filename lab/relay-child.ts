import { connect, Server, type Socket } from 'node:net';
import { z } from 'zod';

// Runs inside a namespace of the lab; relay.ts hands it listening sockets of the host's.
const Target = z.object({ host: z.string(), port: z.int() });
const Redirection = z.object({ from: z.string(), to: z.string() });
const targets: z.infer<typeof Target>[] = [];

process.on('message', (message: unknown, server: unknown) => {
  const moved = Redirection.safeParse(message).data;
  if (moved !== undefined) {
    for (const target of targets) if (target.host === moved.from) target.host = moved.to;
    return;
  }
  const target = Target.parse(message);
  if (!(server instanceof Server)) return;
  targets.push(target);
  // Half-open both ways: an HTTP client may close its side before it has the answer.
  server.on('connection', (near: Socket) => {
    const far = connect({ host: target.host, port: target.port, allowHalfOpen: true });
    join(near, far);
  });
});

// The lab has ended.
process.on('disconnect', () => {
  process.exit(0);
});

function join(near: Socket, far: Socket): void {
  near.allowHalfOpen = true;
  near.setNoDelay(true);
  far.setNoDelay(true);
  near.pipe(far);
  far.pipe(near);
  // A reset on one side is passed on by closing the other.
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
}
