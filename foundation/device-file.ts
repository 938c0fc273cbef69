/** Who made a USB device, which of its products it is, and which piece: as `lsusb -v` prints them. */
export interface UsbIdentity {
  /** Four hexadecimal digits. */
  readonly vendor: string;
  /** Four hexadecimal digits. */
  readonly product: string;
  readonly serial?: string | undefined;
}

/** A USB device with what its maker calls it, which may be anything. */
export interface NamedUsb extends UsbIdentity {
  readonly name?: string;
}

/** Classes of sysfs whose devices may hang on USB, and have a file of the same name in /dev. */
export const USB_CLASSES = ['tty', 'video4linux', 'hidraw'] as const;
/** How far above a device its USB device may be: interface, device, and what a serial adapter puts between. */
const USB_LEVELS = 5;

/** True when this is the USB device that is asked for. Numbers are compared without regard to case. */
export function isSameUsb(wanted: UsbIdentity, found: UsbIdentity): boolean {
  return (
    wanted.vendor.toLowerCase() === found.vendor.toLowerCase() &&
    wanted.product.toLowerCase() === found.product.toLowerCase() &&
    (wanted.serial === undefined || wanted.serial === found.serial)
  );
}

/** A 1-Wire sensor by its folder in sysfs: family and number, or `*` for whichever of that family are there. */
const ONE_WIRE = /^\/sys\/bus\/w1\/devices\/[0-9a-f]{2}-([0-9a-f]{12}|\*)$/;

/** True for a 1-Wire sensor, or all of a family: what sysfs shows of them, which containers see and cannot write. */
export function isOneWire(path: string): boolean {
  return ONE_WIRE.test(path);
}

/** The regular expression of a path in which `*` stands for any characters but `/`. */
export function pathPattern(path: string): RegExp {
  const parts = path.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^/]*')}$`);
}

/**
 * The USB device that a device of sysfs belongs to; undefined when it hangs on something else.
 * @param folder of the device in sysfs, no link in it
 * @param read gives the trimmed text of a file; undefined when there is none
 */
export async function usbAbove(
  folder: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<NamedUsb | undefined> {
  let at = folder;
  for (let level = 0; level < USB_LEVELS && at !== ''; level++, at = at.slice(0, at.lastIndexOf('/'))) {
    const [vendor, product] = await Promise.all([read(`${at}/idVendor`), read(`${at}/idProduct`)]);
    if (vendor === undefined || product === undefined) continue;
    const [serial, maker, model] = await Promise.all(
      ['serial', 'manufacturer', 'product'].map((f) => read(`${at}/${f}`)),
    );
    return { vendor, product, ...(serial === undefined ? {} : { serial }), ...nameOf(maker, model) };
  }
  return undefined;
}

/** Many a maker is named in the model as well. */
function nameOf(maker = '', model = ''): { name?: string } {
  const name = model.startsWith(maker) ? model : `${maker} ${model}`.trim();
  return name === '' ? {} : { name };
}
