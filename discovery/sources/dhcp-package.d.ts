/** The part of the `dhcp` package (0.2.20, which brings no types) that discovery uses. */
declare module 'dhcp' {
  import type { Socket } from 'node:dgram';

  interface BroadcastHandler {
    on(event: 'listening', listener: (socket: Socket) => void): this;
    on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): this;
    listen(port?: number, host?: string): void;
    close(callback: () => void): void;
  }

  const dhcp: {
    /** A socket on port 67 that answers nothing. */
    createBroadcastHandler(): BroadcastHandler;
    /** Tells the package's own parser about an option, for the whole process. */
    addOption(code: number, option: { name: string; type: 'Hex' }): void;
  };
  export default dhcp;
}
