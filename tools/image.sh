#!/usr/bin/env bash
# Builds the image and tries it the way Airbyte runs it: read-only, not root, 512 MB, its answers on stdout.
#
#   tools/image.sh                  build and try; fails where no engine can be had
#   tools/image.sh --if-possible    the same, but says "image test not run: ..." and succeeds in that case
#
# Uses the engine that answers. Where none does, and this is root on Debian, it installs Debian's docker.io, runs a
# dockerd of its own and stops it at the end. Where the pinned base can't be pulled, a small Debian with Python
# stands in for it: that still proves every step of the Dockerfile, but not the pinned base.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

optional=${1:-}
image=airbyte/source-meta-ads:dev
stand_in=source-meta-ads/base-stand-in:local
max_megabytes=600
state=${IMAGE_STATE:-/var/tmp/source-meta-ads-engine} # on a real disk: overlayfs does not stack on overlayfs
work=$(mktemp -d)
started=
servers=()

say() { echo "image: $*"; }

not_run() {
  say "image test not run: $*"
  if [ "$optional" = --if-possible ]; then exit 0; fi
  exit 1
}

fail() {
  say "FAILED: $*" >&2
  for file in "$work"/out "$work"/err; do
    if [ -s "$file" ]; then tail -c 2000 "$file" >&2; fi
  done
  exit 1
}

finish() {
  status=$?
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ -n "$started" ]; then
    kill "$started" 2>/dev/null || true
    for _ in $(seq 60); do kill -0 "$started" 2>/dev/null || break; sleep 0.25; done
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# --- an engine -------------------------------------------------------------------------------------------------------

answers() { timeout 20 docker version >/dev/null 2>&1; }

install_packages() {
  apt-get -qq -o Acquire::Retries=3 update &&
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=3 install --no-install-recommends "$@" >/dev/null
}

forget_killed_engine() { # the containerd of a dockerd that was killed outlives it, and blocks the next one
  local file="$state/exec/containerd/containerd.pid" pid
  if pid=$(cat "$file" 2>/dev/null) && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/exec"; then
    kill -9 "$pid" || true
  fi
  rm -f "$state/docker.pid" "$state/docker.sock" "$file"
}

start_engine() {
  if [ "$(id -u)" != 0 ]; then not_run "no container engine answers, and only root can start one"; fi
  if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
    if ! command -v apt-get >/dev/null; then not_run "no container engine, and no apt to install one with"; fi
    say "installing docker.io"
    install_packages docker.io || not_run "docker.io can't be installed"
  fi
  mkdir -p "$state"
  export DOCKER_HOST="unix://$state/docker.sock"
  if answers; then return; fi
  forget_killed_engine
  # No bridge and no firewall rules: builds use the host's network, runs use none, and the machine stays as it was.
  setsid dockerd --host "$DOCKER_HOST" --data-root "$state/data" --exec-root "$state/exec" \
    --pidfile "$state/docker.pid" --bridge=none --iptables=false --ip6tables=false --ip-forward=false \
    --ip-masq=false </dev/null >"$state/dockerd.log" 2>&1 &
  started=$!
  for _ in $(seq 120); do
    if answers; then return; fi
    kill -0 "$started" 2>/dev/null || break
    sleep 0.25
  done
  tail -n 5 "$state/dockerd.log" >&2
  not_run "dockerd does not start on this machine"
}

# --- the base --------------------------------------------------------------------------------------------------------

base_image() { # prints the base to build on
  local pinned
  pinned=$(sed -n 's/^ARG BASE_IMAGE=//p' Dockerfile)
  if docker image inspect "$pinned" >/dev/null 2>&1 || timeout 300 docker pull -q "$pinned" >/dev/null 2>&1; then
    echo "$pinned"
    return
  fi
  say "$pinned can't be pulled: building on a stand-in" >&2
  if ! docker image inspect "$stand_in" >/dev/null 2>&1; then make_stand_in >&2; fi
  echo "$stand_in"
}

make_stand_in() {
  local authorities=/etc/ssl/certs/ca-certificates.crt sources=()
  if ! command -v mmdebstrap >/dev/null; then install_packages mmdebstrap || return 1; fi
  # It trusts what this machine trusts, and finds packages where this machine's pip finds them.
  cat >"$work/customize" <<HOOK
#!/bin/sh
set -e
rm -f "\$1"/usr/lib/python3*/EXTERNALLY-MANAGED
ln -sf /usr/bin/python3 "\$1/usr/local/bin/python"
cp -L $authorities "\$1$authorities"
printf '[global]\ncert = %s\n' $authorities >"\$1/etc/pip.conf"
if index=\$(python3 -m pip config get global.index-url 2>/dev/null); then echo "index-url = \$index" >>"\$1/etc/pip.conf"; fi
HOOK
  chmod +x "$work/customize"
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    if grep -qsw bookworm "$file"; then sources=("$file"); break; fi
  done
  mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook="'$work/customize' \"\$1\"" bookworm "$work/base.tar" "${sources[@]}" || return 1
  docker import --change 'ENV LANG=C.UTF-8' "$work/base.tar" "$stand_in" >/dev/null
}

# --- the tries -------------------------------------------------------------------------------------------------------

confined=(--read-only --tmpfs /tmp --memory 512m --cap-drop ALL --security-opt no-new-privileges --volume "$work/in:/in:ro")

expect() { # EXIT_CODE MESSAGE_TYPE COMMAND...: ends so, within two minutes, with only protocol messages on stdout
  local code=$1 type=$2 actual=0
  shift 2
  timeout 120 docker run --rm --network "$network" --env META_GRAPH_URL="$graph_url" "${confined[@]}" "$image" "$@" \
    >"$work/out" 2>"$work/err" </dev/null || actual=$?
  [ "$actual" = "$code" ] || fail "$1 exited with $actual, not $code"
  python3 - "$type" "$work/out" <<'PY' || fail "$1: its stdout is not what the protocol asks for"
import json, sys
wanted, path = sys.argv[1:]
messages = [json.loads(line) for line in open(path, encoding="utf-8")]
kinds = {"CATALOG", "CONNECTION_STATUS", "CONTROL", "LOG", "RECORD", "SPEC", "STATE", "TRACE"}
strange = [message for message in messages if message.get("type") not in kinds]
assert not strange, strange[:1]
count = sum(message["type"] == wanted for message in messages)
assert count == 1 or wanted in ("RECORD", "TRACE") and count, f"{count} messages of type {wanted}"
PY
  say "$1: exit $code, its $type, nothing but protocol messages"
}

configure() { # STREAM...: out of the catalog that discover printed → $work/in/catalog.json, incremental where they can be
  python3 - "$work/out" "$work/in/catalog.json" "$@" <<'PY'
import json, sys
(catalog,) = [m["catalog"] for m in map(json.loads, open(sys.argv[1], encoding="utf-8")) if m["type"] == "CATALOG"]
def configured(stream):
    mode = stream["supported_sync_modes"][-1]
    destination = "append_dedup" if mode == "incremental" else "overwrite"
    return {"stream": stream, "sync_mode": mode, "destination_sync_mode": destination}
with open(sys.argv[2], "w", encoding="utf-8") as out:
    json.dump({"streams": [configured(stream) for stream in catalog["streams"] if stream["name"] in sys.argv[3:]]}, out)
PY
  chmod a+r "$work/in/catalog.json"
}

keep_state() { # the newest state of each stream in what a read printed → $work/in/state.json
  python3 - "$work/out" "$work/in/state.json" <<'PY' || fail "the read left no state"
import json, sys
states = {m["state"]["stream"]["stream_descriptor"]["name"]: m["state"]
          for m in map(json.loads, open(sys.argv[1], encoding="utf-8")) if m["type"] == "STATE"}
assert states, "no state"
with open(sys.argv[2], "w", encoding="utf-8") as out:
    json.dump(list(states.values()), out)
PY
  chmod a+r "$work/in/state.json"
}

serve() { # COMMAND...: started in the background; its first number after a colon is the port of $graph_url
  "$@" >"$work/server" 2>&1 </dev/null &
  servers+=($!)
  for _ in $(seq 80); do
    graph_url=http://127.0.0.1:$(grep -oEm 1 ':[0-9]{4,5}' "$work/server" | tr -d :) && return
    sleep 0.25
  done
  cp "$work/server" "$work/err"
  fail "$* did not start"
}

stops_when_told() { # a run that waits for an answer ends within seconds of SIGTERM
  local id code
  id=$(docker run --detach --network host --env META_GRAPH_URL="$graph_url" "${confined[@]}" "$image" \
    check --config /in/config.json)
  sleep 5
  docker stop --time 8 "$id" >/dev/null
  code=$(docker wait "$id")
  docker logs "$id" >"$work/out" 2>"$work/err"
  docker rm --force "$id" >/dev/null
  [ "$code" = 143 ] || fail "told to stop, a waiting run ended with $code, not 143"
  say "stops when told to: exit 143"
}

stops_within_a_read() { # told to stop while records go out, a read ends at once, and its last line is whole
  local id code
  id=$(docker run --detach --network host --env META_GRAPH_URL="$graph_url" "${confined[@]}" "$image" \
    read --config /in/config.json --catalog /in/catalog.json)
  for _ in $(seq 100); do
    if docker logs "$id" 2>/dev/null | grep -q '"type":"RECORD"'; then break; fi
    sleep 0.1
  done
  docker stop --time 8 "$id" >/dev/null
  code=$(docker wait "$id")
  docker logs "$id" >"$work/out" 2>"$work/err"
  docker rm --force "$id" >/dev/null
  [ "$code" = 143 ] || fail "told to stop, a read ended with $code, not 143"
  python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert any(line["type"] == "RECORD" for line in lines), "it was stopped before a record"' "$work/out" ||
    fail "a read that was stopped left half a line, or no record"
  say "stops within a read: exit 143, every line whole"
}

answers || start_engine
base=$(base_image) || not_run "no base image: the pinned one can't be pulled, and no stand-in made"

say "building on $base"
if docker buildx version >/dev/null 2>&1; then builder=1; else builder=0; fi
DOCKER_BUILDKIT=$builder docker build --network host --build-arg "BASE_IMAGE=$base" -t "$image" . \
  >"$work/out" 2>"$work/err" || fail "the image does not build"
rm "$work/out" "$work/err"

megabytes=$(($(docker image inspect -f '{{.Size}}' "$image") / 1000000))
[ "$megabytes" -lt "$max_megabytes" ] || fail "the image has $megabytes MB, more than $max_megabytes"
user=$(docker run --rm --network none --entrypoint id "$image" -u)
[ "$user" = 1000 ] || fail "the connector runs as user $user, not 1000"
say "$megabytes MB, runs as user $user"


mkdir "$work/in"
settings='{"credentials": {"auth_type": "Service", "access_token": "demo-token-never-printed"}, "start_date": "2026-11-10"}'
echo "$settings" >"$work/in/config.json"
echo '{"credentials": {"auth_type": "Service", "access_token": "x"}, "start_date": "soon"}' >"$work/in/wrong.json"
chmod -R a+rX "$work"
network=none
graph_url=
expect 0 SPEC spec
expect 0 CATALOG discover --config /in/config.json
configure ad_account campaigns ads_insights
expect 0 CONNECTION_STATUS check --config /in/wrong.json
grep -q '"status": *"FAILED"' "$work/out" || fail "check took a wrong configuration"

network=host
serve python3 -c 'import socket, time
silent = socket.create_server(("127.0.0.1", 0))
print(f":{silent.getsockname()[1]}", flush=True)
time.sleep(120)'
stops_when_told

if [ -x .venv/bin/python ]; then
  serve .venv/bin/python -u -m integration_tests.sandbox --port 0 --scenario integration_tests/sandbox/scenarios/demo.yaml
  expect 0 RECORD read --config /in/config.json --catalog /in/catalog.json
  keep_state
  expect 0 RECORD read --config /in/config.json --catalog /in/catalog.json --state /in/state.json
  echo '{"credentials": {"auth_type": "Service", "access_token": "unknown"}}' >"$work/in/unknown.json"
  chmod a+r "$work/in/unknown.json"
  expect 1 TRACE read --config /in/unknown.json --catalog /in/catalog.json
  stops_within_a_read
else
  say "no .venv, so no sandbox: read not tried"
fi
say "ok"
