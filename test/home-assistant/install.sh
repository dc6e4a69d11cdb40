#!/usr/bin/env bash
# install.sh DIR [VERSION]   A real Home Assistant in DIR: a Debian root with Python 3.14, no container engine needed.
# Needs: root, Debian's and Python's package registries. Run again: only what is missing is done.
# About 3 minutes and 2 GB. Nothing is mounted in DIR, so it can be removed like any folder.
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
version=${2:-2026.11.0}
root=$dir/root

[ "$(id -u)" -eq 0 ] || { echo "home-assistant: chroot needs root" >&2; exit 3; }
command -v debootstrap >/dev/null || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap
}

if [ ! -x "$root/usr/bin/python3.14" ]; then
  rm -rf "$root"
  # An older debootstrap does not know the release by its name; all releases share one script.
  scripts=/usr/share/debootstrap/scripts
  [ -e $scripts/forky ] || ln -s sid $scripts/forky
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$')
  debootstrap --variant=minbase \
    --include=python3.14,python3.14-venv,python3.14-dev,build-essential,ca-certificates,libffi-dev \
    forky "$root" "$mirror" >"$dir/debootstrap.log" 2>&1 || { tail -20 "$dir/debootstrap.log" >&2; exit 1; }
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
pip_index=$(pip config get global.index-url 2>/dev/null || true)

# Without what may be set for Python here: paths of this machine are not there.
inside() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} ${HTTP_PROXY:+HTTP_PROXY="$HTTP_PROXY"} \
    ${https_proxy:+https_proxy="$https_proxy"} ${http_proxy:+http_proxy="$http_proxy"} \
    ${pip_index:+PIP_INDEX_URL="$pip_index"} chroot "$root" "$@"
}
have=$(inside /opt/ha/bin/python -c 'from homeassistant.const import __version__ as v; print(v)' 2>/dev/null || true)
if [ "$have" != "$version" ]; then
  inside python3.14 -m venv /opt/ha
  inside /opt/ha/bin/pip install -q "homeassistant==$version"
fi
# What the integrations of configuration.yaml need, at the versions this release pins.
cat >"$root/opt/requirements.py" <<'PY'
import json, pathlib, sys, homeassistant
parts = pathlib.Path(homeassistant.__file__).parent / "components"
todo, seen, needs = sys.argv[1:], set(), set()
while todo:
    name = todo.pop()
    if name not in seen:
        seen.add(name)
        manifest = json.loads((parts / name / "manifest.json").read_text())
        needs.update(manifest.get("requirements", []))
        todo += manifest.get("dependencies", [])
print("\n".join(sorted(needs)))
PY
inside sh -c '
  pin=$(/opt/ha/bin/python -c "import homeassistant, os; print(os.path.dirname(homeassistant.__file__))")/package_constraints.txt
  /opt/ha/bin/python /opt/requirements.py frontend mqtt recorder history energy backup hassio nut \
    ai_task assist_pipeline assist_satellite camera conversation ffmpeg image_processing infrared radio_frequency tts >/opt/requirements.txt
  /opt/ha/bin/pip install -q colorlog -c "$pin" -r /opt/requirements.txt'
echo "Home Assistant $version in $root"
