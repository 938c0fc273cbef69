import { open } from 'node:fs/promises';
import { vi } from 'vitest';

interface Appending {
  appendFile: (this: Appending, text: string) => Promise<void>;
}

/** Until it is mended, appending to any open file fails after some bytes, as on a full disk. @param path of a file */
export async function fullDisk(path: string): Promise<{ mend: () => void }> {
  const file = await open(path, 'a');
  const handles = Object.getPrototypeOf(file) as Appending;
  await file.close();
  const { appendFile: real } = handles;
  const spy = vi.spyOn(handles, 'appendFile').mockImplementation(async function (this: Appending, text: string) {
    await real.call(this, text.slice(0, 40));
    throw Object.assign(new RangeError('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  });
  const mend = (): void => {
    spy.mockRestore();
  };
  return { mend };
}
