#!/bin/sh
# A machine of the lab, from the host's process to the machine's pid 1. Each phase replaces the one before it.
#
#   enter FOLDER NETNS …   on the host: makes the namespaces; ends when the machine does
#   join FOLDER …          in them, still seeing the host: enters the machine's cgroups
#   build FOLDER …         in its own cgroup namespace: makes the file system by FOLDER/boot/mounts, and moves into it
#   run …                  pid 1: starts the DHCP client and the command, collects orphans, ends when the command ends
#   exec FOLDER PID …      on the host: runs a command in a machine that is on
#
# `…` from enter to run is: HOSTNAME DHCP-CLASS COMMAND [ARGUMENT…]; DHCP-CLASS `-` means no DHCP client.
# Descriptor 3 reports to the lab: `pid N` (as the host counts), then `ready`.
set -eu
phase=$1
shift

# Time has no namespace: a machine that sets its clock would set the host's.
WITHOUT_CLOCK='setpriv --bounding-set=-sys_time --inh-caps=-sys_time'

join_cgroups() { # FOLDER
  while read -r group; do
    # The leaf that `delegate` makes: the group itself takes no process any more.
    [ ! -d "$group/init" ] || group=$group/init
    echo 0 >"$group/cgroup.procs"
  done <"$1/boot/cgroups"
}

make_folder() { [ -d "$1" ] || mkdir -p "$1"; }
make_file() {
  make_folder "${1%/*}"
  [ -e "$1" ] || : >"$1"
}
seal() { mount -o remount,bind,ro "$1"; }

carry_out() { # KIND SOURCE TARGET OPTIONS
  at=$root$3
  case $1 in
  mount) # a file system of type SOURCE
    make_folder "$at"
    if [ "$4" = - ]; then mount -t "$2" "$2" "$at"; else mount -t "$2" -o "$4" "$2" "$at"; fi
    ;;
  bind) # a folder or file of the host (or, for /proc/sys, of the machine itself)
    from=$2
    [ "$3" != /proc/sys ] || from=$at
    if [ -d "$from" ]; then make_folder "$at"; else make_file "$at"; fi
    mount --bind "$from" "$at"
    [ "$4" != ro ] || seal "$at"
    ;;
  device) # the same, but not every kernel has every device
    [ -e "$2" ] || return 0
    make_file "$at"
    mount --bind "$2" "$at"
    ;;
  erase) rm -rf "$at" ;;
  copy) cp -a "$2" "$at" ;;
  link) ln -sf "$2" "$at" ;;
  shadow) # a copy of SOURCE takes the place of a setting that belongs to the whole kernel
    [ -e "$at" ] || return 0
    copy=$root/run/lab-init/settings/${3##*/}
    make_folder "${copy%/*}"
    # cat, because such a file gives itself only to a reader that takes it whole.
    cat "$2" >"$copy"
    mount --bind "$copy" "$at"
    ;;
  seal) seal "$at" ;;
  unseal)
    mount --bind "$at" "$at"
    mount -o remount,bind,rw "$at"
    ;;
  mask)
    [ -e "$at" ] || return 0
    mount --bind /dev/null "$at"
    ;;
  delegate) # cgroup v2: a group with processes cannot hand controllers down, so pid 1 goes into a leaf
    make_folder "$at/init"
    echo 0 >"$at/init/cgroup.procs"
    read -r controllers <"$at/cgroup.controllers" || :
    for controller in $controllers; do
      echo "+$controller" >"$at/cgroup.subtree_control" || echo "lab: no cgroup controller $controller here"
    done
    ;;
  *) return 1 ;;
  esac
}

case $phase in
enter)
  folder=$1 netns=$2
  shift 2
  exec nsenter --net="/run/netns/$netns" \
    unshare --mount --uts --ipc --pid --fork --kill-child=SIGKILL --propagation private \
    /bin/sh "$0" join "$folder" "$@"
  ;;

join)
  # This /proc still counts as the host does.
  read -r pid _ </proc/self/stat
  echo "pid $pid" >&3
  join_cgroups "$1"
  exec unshare --cgroup /bin/sh "$0" build "$@"
  ;;

build)
  folder=$1 root=$1/root
  shift
  tab=$(printf '\t')
  trap '[ $? = 0 ] || echo "lab: failed at: $kind $source $target $options"' EXIT
  while IFS=$tab read -r kind source target options; do
    carry_out "$kind" "$source" "$target" "$options"
  done <"$folder/boot/mounts"
  trap - EXIT
  mkdir -p "$root/run/lab-init/bin" "$root/run/lab-init/host" "$root/run/lock"
  scripts=${0%/*}
  cp "$scripts/machine.sh" "$scripts/dhcp-event.sh" "$root/run/lab-init/"
  cp "$scripts/systemctl" "$root/run/lab-init/bin/"
  cp "$scripts/date.sh" "$root/run/lab-init/bin/date"
  [ ! -e "$folder/boot/clock" ] || cp "$folder/boot/clock" "$root/run/lab-init/clock"
  mkfifo "$root/dev/console"
  cd "$root"
  pivot_root . run/lab-init/host
  exec $WITHOUT_CLOCK chroot . /bin/sh /run/lab-init/machine.sh run "$@"
  ;;

run)
  hostname "$1"
  class=$2
  shift 2
  umount -l /run/lab-init/host
  # As systemd does: pods expect their volumes' mounts to travel. No copy of the host's tree is left to travel to.
  mount --make-rshared /
  cat 0<>/dev/console 3>&- &
  if [ "$class" != - ]; then
    udhcpc -f -i eth0 -s /run/lab-init/dhcp-event.sh -p /run/lab-init/udhcpc.pid \
      -V "$class" -x "hostname:$(hostname)" -O ntpsrv -t 4 -T 1 -A 3 3>&- &
  fi
  echo ready >&3
  exec 3>&-
  "$@" &
  main=$!
  trap 'kill -TERM $main' TERM
  code=0
  # A trapped signal ends `wait` early; `wait` also collects the orphans of others meanwhile.
  while kill -0 "$main" 2>/dev/null; do
    code=0
    wait "$main" || code=$?
  done
  exit "$code"
  ;;

exec)
  folder=$1 pid=$2
  shift 2
  join_cgroups "$folder"
  exec nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup $WITHOUT_CLOCK "$@"
  ;;
esac
