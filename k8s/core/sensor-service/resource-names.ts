import { isOneWire } from '../../../foundation/device-file.ts';
import { serviceKey, type DeviceRule } from './sensor-service.ts';

/** Domains of the extended resources that the device plugin offers. */
export const DEVICE_DOMAIN = 'devices.usher.internal';
export const GRANT_DOMAIN = 'grants.usher.internal';

/** Where a container finds its grant socket, and where the folder around it is on the node. */
export const GRANT_FOLDER = '/run/usher';
export const GRANT_SOCKET = `${GRANT_FOLDER}/grant.sock`;
const HOST_GRANTS = '/run/usher/grants';

/** Longest name part of an extended resource (Kubernetes: qualified name); the path of a socket also has to stay short. */
const LONGEST = 63;

/**
 * A service in one word, for resource names and folders: `usher-services.lathe`. A long one is cut and told from others
 * by its hash. Neither a namespace nor a service's name has a dot.
 */
export function grantKey(namespace: string, service: string): string {
  return shortened(`${namespace}.${service}`, serviceKey({ namespace, name: service }));
}

/** The extended resource of which each node offers one per service: whoever has it gets the grant socket. */
export function grantResource(namespace: string, service: string): string {
  return `${GRANT_DOMAIN}/${grantKey(namespace, service)}`;
}

/** The node's folder that is mounted at {@link GRANT_FOLDER}; its `grant.sock` is the standby's. */
export function hostGrantFolder(namespace: string, service: string): string {
  return `${HOST_GRANTS}/${grantKey(namespace, service)}`;
}

/** Where the container finds the device. */
export function containerPathOf(rule: DeviceRule): string {
  return rule.containerPath ?? rule.path ?? `/dev/usher/${rule.name}`;
}

/** What the container may do with the device; nobody but root writes to a 1-Wire sensor. */
export function accessOf({ path, access = 'ReadWrite' }: DeviceRule): 'ReadWrite' | 'ReadOnly' {
  return path !== undefined && isOneWire(path) ? 'ReadOnly' : access;
}

/**
 * The extended resource of a device rule: the same for equal rules, on every node. Access, sharing and the path in the
 * container are part of it, since the plugin learns nothing else about who asks. Two rules may mean the same device file
 * by different means: they are two resources, and Exclusive holds within each.
 */
export function deviceResource(rule: DeviceRule): string {
  const { path, usb, sharing = 'Exclusive' } = rule;
  const what = usb === undefined ? (path ?? '') : `usb-${usb.vendor}-${usb.product}-${usb.serial ?? ''}`;
  const whole = [path ?? '', usb?.vendor ?? '', usb?.product ?? '', usb?.serial ?? ''];
  const slug = what
    .replace(/^\/dev\//, '')
    .replace('/sys/bus/w1/devices/', 'w1-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
  return `${DEVICE_DOMAIN}/${slug}-${hash(JSON.stringify([...whole, accessOf(rule), sharing, containerPathOf(rule)])).slice(0, 10)}`;
}

/** How people call what a rule means: `/dev/ttyUSB0`, or `USB device 0403:6001 (serial A1)`. */
export function deviceText({ path, usb, name }: DeviceRule): string {
  if (path !== undefined) return path;
  if (usb === undefined) return name;
  return `USB device ${usb.vendor}:${usb.product}${usb.serial === undefined ? '' : ` (serial ${usb.serial})`}`;
}

/** A short text that changes with `text`: FNV-1a, 64 bits, hexadecimal. No protection against malice. */
export function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, '0');
}

function shortened(text: string, identity: string): string {
  if (text.length <= LONGEST) return text;
  const suffix = hash(identity);
  return `${text.slice(0, LONGEST - suffix.length - 1).replace(/[^a-z0-9]+$/, '')}-${suffix}`;
}
