#!/bin/sh
# What the DHCP client calls (udhcpc(8)): EVENT, and the lease in the environment. Applies address, route and resolver.
set -eu

case $1 in
deconfig)
  ip -4 address flush dev "$interface"
  ;;
bound | renew)
  ip -4 address replace "$ip/${mask:-24}" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
  for gateway in ${router:-}; do
    ip -4 route replace default via "$gateway" dev "$interface"
    break
  done
  for server in ${dns:-}; do
    echo "nameserver $server"
  done >/etc/resolv.conf
  ;;
esac
