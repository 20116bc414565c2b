#!/usr/bin/env bash
# Installs headless Chromium, which the tests of the run report look at pages with; nothing where one is there already.
set -euo pipefail
for name in chromium chromium-browser google-chrome-stable google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
command -v apt-get >/dev/null || { echo "chromium: no apt-get here: install Chromium and have it on the PATH" >&2; exit 1; }
run=(env DEBIAN_FRONTEND=noninteractive)
[ "$(id -u)" = 0 ] || run=(sudo -n "${run[@]}")
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
