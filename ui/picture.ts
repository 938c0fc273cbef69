import type { DeviceView } from '../api/core/schemas.ts';
import { GROUPS, groupOf, LAST_STEP, stepOf, type GroupId } from './device-groups.ts';

/** More devices than these are drawn as clusters. */
export const MOST_NODES = 60;
/** More places than these are drawn as one. */
const MOST_PLACES = 12;
/** Characters of a name that have room beside those of the next, and of each end of a longer one. */
const MAX_NAME = 11;
const NAME_ENDS = 4;
const MAC_END = 8;

export const PICTURE_WIDTH = 320;
const COLUMNS = 4;
const CELL = { width: 75, height: 56 };
const TOP = 106;
const PLACE_HEAD = 28;
const CLUSTER_HEIGHT = 64;

export interface PictureNode {
  id: string;
  name: string;
  group: GroupId;
  x: number;
  y: number;
  /** 0 to 1: how far the join is; undefined when it is not on its way. */
  done: number | undefined;
}

export interface PictureCluster {
  count: number;
  /** Of how many are where, as parts of a bar. */
  parts: readonly { group: GroupId; count: number; x: number; width: number }[];
}

export interface PicturePlace {
  /** The label's value, or the group; empty for devices without that label. */
  name: string;
  y: number;
  height: number;
  count: number;
  nodes: readonly PictureNode[];
  /** In place of the nodes, when there are too many to be told apart. */
  cluster: PictureCluster | undefined;
}

export interface Picture {
  height: number;
  places: readonly PicturePlace[];
}

/** Keys of labels by which devices can be placed: those that tell some apart, and not each from every other. */
export function placingKeys(devices: readonly DeviceView[]): string[] {
  const values = new Map<string, Map<string, number>>();
  for (const [key, value] of devices.flatMap((device) => Object.entries(device.labels ?? {}))) {
    const counts = values.get(key) ?? new Map<string, number>();
    counts.set(value, (counts.get(value) ?? 0) + 1);
    values.set(key, counts);
  }
  return [...values]
    .filter(([, counts]) => counts.size <= MOST_PLACES && [...counts.values()].some((count) => count > 1))
    .map(([key]) => key)
    .toSorted();
}

/** Where everything stands in the picture, in its own units; `by` is a label's key, or undefined for the groups. */
export function pictureOf(devices: readonly DeviceView[], by: string | undefined): Picture {
  const isClustered = devices.length > MOST_NODES;
  const placed = Map.groupBy(devices, (device) => (by === undefined ? groupOf(device) : (device.labels?.[by] ?? '')));
  const names = [...placed.keys()].toSorted((a, b) => orderOf(a, by) - orderOf(b, by) || a.localeCompare(b));
  let y = TOP;
  const places = names.map((name): PicturePlace => {
    const members = placed.get(name) ?? [];
    const rows = Math.ceil(members.length / COLUMNS);
    const height = PLACE_HEAD + (isClustered ? CLUSTER_HEIGHT - PLACE_HEAD : rows * CELL.height + 6);
    const place = {
      ...{ name, y, height, count: members.length },
      nodes: isClustered ? [] : members.map((device, at) => nodeAt(device, at, y)),
      cluster: isClustered ? clusterOf(members) : undefined,
    };
    y += height + 10;
    return place;
  });
  return { height: y, places };
}

function nodeAt(device: DeviceView, at: number, placeY: number): PictureNode {
  const step = stepOf(device);
  // What a board calls itself is often what all of them do; its short id it shows itself.
  const name = (device.offer === undefined ? device.nodeName : undefined) ?? device.shortId;
  return {
    ...{ id: device.id, group: groupOf(device) },
    name: shortened(name),
    x: 10 + CELL.width * ((at % COLUMNS) + 0.5),
    y: placeY + PLACE_HEAD + CELL.height * Math.floor(at / COLUMNS) + 20,
    done: step === undefined ? undefined : step / LAST_STEP,
  };
}

/** Of a MAC address its end; of other names both ends. */
function shortened(name: string): string {
  if (name.length <= MAX_NAME) return name;
  return name.includes(':') ? `…${name.slice(-MAC_END)}` : `${name.slice(0, NAME_ENDS)}…${name.slice(-NAME_ENDS)}`;
}

function clusterOf(members: readonly DeviceView[]): PictureCluster {
  const counts = Map.groupBy(members, groupOf);
  const width = PICTURE_WIDTH - 40;
  let x = 20;
  const parts = GROUPS.flatMap((group) => {
    const count = counts.get(group)?.length ?? 0;
    if (count === 0) return [];
    const part = { group, count, x, width: (width * count) / members.length };
    x += part.width;
    return [part];
  });
  return { count: members.length, parts };
}

/** Groups in their order; of labels those with a value first. */
function orderOf(name: string, by: string | undefined): number {
  return by === undefined ? (GROUPS as readonly string[]).indexOf(name) : name === '' ? 1 : 0;
}
