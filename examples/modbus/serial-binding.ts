import { read as readFile } from 'node:fs';
import { BindingsError, LinuxBinding, type LinuxOpenOptions, type LinuxPortBinding } from '@serialport/bindings-cpp';

/** What an open line gives: how many of the bytes asked for were there. */
type Reading = Awaited<ReturnType<LinuxPortBinding['read']>>;

/**
 * The serial port of Linux, for `SerialPort`'s option `binding`, which ends at a hang-up. A terminal that was hung up gives
 * no bytes and no error (read(2): end of file); `@serialport/bindings-cpp` 13.0.0 takes that for "not yet" and asks again
 * for ever, on a whole core, and never says that the line is gone. It happens when the adapter goes while a read is on its way.
 */
export const SERIAL_BINDING = {
  ...LinuxBinding,
  async open(options: LinuxOpenOptions): Promise<LinuxPortBinding> {
    const port = await LinuxBinding.open(options);
    port.read = (buffer, offset, length) => readOrHangUp(port, buffer, offset, length);
    return port;
  },
};

/** @throws BindingsError - `canceled` when the port was closed here, else the line is gone */
async function readOrHangUp(port: LinuxPortBinding, buffer: Buffer, offset: number, length: number): Promise<Reading> {
  for (;;) {
    const { fd } = port;
    if (fd === null) throw closedHere();
    const bytesRead = await bytesNow(fd, buffer, offset, length).catch((error: unknown) => {
      // A read that comes after the close finds no file.
      throw port.isOpen ? error : closedHere();
    });
    if (bytesRead === 0) throw new BindingsError('The serial line was hung up');
    if (bytesRead !== undefined) return { buffer, bytesRead };
    // Closed meanwhile, nothing would ever be readable.
    if (port.isOpen) await readable(port);
  }
}

function closedHere(): BindingsError {
  return new BindingsError('Port is not open', { canceled: true });
}

/** `undefined` when there is nothing yet. */
function bytesNow(fd: number, buffer: Buffer, offset: number, length: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  readFile(fd, buffer, offset, length, null, (error, bytesRead) => {
    if (error === null) resolve(bytesRead);
    else if (error.code === 'EAGAIN' || error.code === 'EINTR') resolve(undefined);
    else reject(error);
  });
  return promise;
}

function readable(port: LinuxPortBinding): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  port.poller.once('readable', (error: Error | null) => {
    if (error === null) resolve(undefined);
    else reject(error);
  });
  return promise;
}
