#!/usr/bin/env bash
# start.sh DIR CONFIG   Runs the Home Assistant of install.sh in the foreground until SIGTERM; its log goes to stdout.
# Mounts live in a namespace of their own and end with the process. Exit status 100 asks to be started again.
set -euo pipefail
dir=$(cd "$1" && pwd)
config=$(cd "$2" && pwd)
mkdir -p "$dir/root/config"
exec unshare --mount env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c '
  for m in proc sys dev; do mount --rbind /$m "$0/$m"; done
  mount --bind "$1" "$0/config"
  exec chroot "$0" /opt/ha/bin/hass -c /config --skip-pip --log-no-color --log-file /config/home-assistant.log
' "$dir/root" "$config"
