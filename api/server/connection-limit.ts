import type { Server, Socket } from 'node:net';
import { addressKey, isLoopback } from './client-address.ts';

/** From all addresses together. */
const MAX_CONNECTIONS = 512;
/** Each open page holds a handful. */
const MAX_PER_ADDRESS = 64;
/** The command line, and whatever proxy runs on this machine. */
const MAX_FROM_LOOPBACK = 256;

/** How many connections an address may have open at once. */
export function connectionLimit(remoteAddress: string | undefined): number {
  return isLoopback(remoteAddress) ? MAX_FROM_LOOPBACK : MAX_PER_ADDRESS;
}

/** Ends connections beyond the limits before a handshake is paid for, so that no single machine keeps out the others. */
export function limitConnections(server: Server): void {
  const openByAddress = new Map<string, number>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    const key = isLoopback(remoteAddress) ? 'loopback' : addressKey(remoteAddress);
    const open = openByAddress.get(key) ?? 0;
    if (open >= connectionLimit(remoteAddress)) {
      socket.destroy();
      return;
    }
    openByAddress.set(key, open + 1);
    socket.once('close', () => {
      const left = (openByAddress.get(key) ?? 1) - 1;
      if (left === 0) openByAddress.delete(key);
      else openByAddress.set(key, left);
    });
  });
}
