import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';

// The library would fetch its decoder from elsewhere: here it comes from the appliance, like everything else.
prepareZXingModule({ overrides: { locateFile: () => wasmUrl } });

/** The texts of the codes in a picture: QR codes, and with `bars` those that are printed on boards and boxes. */
export async function decode(picture: ImageData, bars: boolean): Promise<string[]> {
  const formats = bars ? (['QRCode', 'DataMatrix', 'Code128', 'Code39'] as const) : (['QRCode'] as const);
  const found = await readBarcodes(picture, { formats: [...formats], tryHarder: true, maxNumberOfSymbols: 4 });
  return found.filter(({ isValid }) => isValid).map(({ text }) => text);
}
