#!/bin/sh
# date, in a machine whose clock the lab has put wrong: setting it changes how far it is off, which is all that there is of
# this clock (the kernel has one for all machines). Everything else is the real date's to do.
clock=/run/lab-init/clock
case "$*" in
'-u -s @'*)
  if [ -e "$clock" ]; then
    unset LD_PRELOAD
    /bin/date -u +%s.%N | awk -v wanted="${3#@}" '{ printf "%+.3f\n", wanted - $1 }' >"$clock.new"
    mv "$clock.new" "$clock"
    echo "[lab] the clock was set to $(/bin/date -u -d "$3" +%FT%TZ), off by $(cat "$clock") s" >/dev/console
    exit 0
  fi
  ;;
esac
exec /bin/date "$@"
