/** One cgroup hierarchy of the host, as the machines use it. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /** Version 1: the mount option, for instance `cpu,cpuacct` or `name=systemd`. Version 2: empty. */
  readonly controllers: string;
  /** Folder below which the machines get theirs. */
  readonly parent: string;
}

/**
 * The hierarchies to make machines' cgroups in. Where version 1 has controllers, it is used alone: a hybrid host's
 * version 2 tree has none left. Version 1 groups go below our own, so that limits set on us hold for the machines;
 * version 2 groups go below the root, because a group with processes cannot hand controllers to its children
 * (cgroup-v2.rst, "No Internal Process Constraint").
 * @param ownCgroups text of `/proc/self/cgroup` (cgroups(7))
 * @param mountinfo text of `/proc/self/mountinfo` (proc(5))
 */
export function planCgroups(ownCgroups: string, mountinfo: string): CgroupHierarchy[] {
  const mounts = cgroupMounts(mountinfo);
  const found: CgroupHierarchy[] = [];
  for (const line of ownCgroups.split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === '') continue;
    const wanted = controllers.split(',');
    const mount = mounts.find((each) => each.type === 'cgroup' && wanted.every((one) => each.options.includes(one)));
    if (mount !== undefined) found.push({ version: 1, controllers, parent: folderOf(mount, path) });
  }
  if (found.some((hierarchy) => !hierarchy.controllers.startsWith('name='))) return found;
  const unified = mounts.find((each) => each.type === 'cgroup2');
  return unified === undefined ? found : [{ version: 2, controllers: '', parent: unified.target }];
}

interface CgroupMount {
  type: string;
  root: string;
  target: string;
  options: string[];
}

function cgroupMounts(mountinfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root = '', target = ''] = left.split(' ');
    const [type = '', , options = ''] = right.split(' ');
    if (type.startsWith('cgroup')) mounts.push({ type, root, target, options: options.split(',') });
  }
  return mounts;
}

/** In a container the mount may show only a part of the hierarchy, and our path is told from the real root. */
function folderOf(mount: CgroupMount, path: string): string {
  const below = mount.root !== '/' && path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
  return `${mount.target}${below}`.replace(/\/+$/, '');
}
