#!/bin/sh
# Installs Debian's packages that tests need: without them those are skipped. Needs the rights of root.
set -eu

missing=""
command -v make >/dev/null || missing="$missing make"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null ||
    missing="$missing chromium-headless-shell"
[ -d /usr/lib/rabbitmq/lib ] || missing="$missing rabbitmq-server"
command -v promtool >/dev/null || missing="$missing prometheus"
command -v amtool >/dev/null || missing="$missing prometheus-alertmanager"
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
# One that speaks TLS.
[ -x /usr/bin/redis-server ] || missing="$missing redis-server"
# Arabic script.
[ -d /usr/share/fonts/truetype/noto ] || missing="$missing fonts-noto-core"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing:$missing. Install it, or run as root." >&2
    exit 1
fi
apt-get update -q
# shellcheck disable=SC2086  # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
