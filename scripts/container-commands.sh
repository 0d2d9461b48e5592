#!/usr/bin/env bash
# Runs what the Dockerfile runs, in its order and with its environment, without Docker: a copy of the tree, npm ci,
# build, prune, then the runtime files alone, started as a normal user, until /health answers.
set -uo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d /tmp/solum-container-XXXXXX)
pid=
finish() {
  [ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
fail() {
  echo "container commands: $1"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
}

mkdir -p "$work/build" "$work/app" "$work/data"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/build" || fail "copy"
(cd "$work/build" && npm ci --silent && npm run --silent build && npm prune --silent --omit=dev) >"$work/log" 2>&1 ||
  { tail -30 "$work/log"; fail "build stage"; }
cp -r "$work/build/package.json" "$work/build/node_modules" "$work/build/bin" "$work/build/dist" "$work/app/"

port=$(node -e "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})")
run=(env NODE_ENV=production HOST=0.0.0.0 PORT="$port" SOLUM_DATA_DIR="$work/data" node bin/solum.js start)
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$work" && chown -R nobody "$work/data"
  run=(setpriv --reuid=nobody --regid=nogroup --clear-groups "${run[@]}")
fi
(cd "$work/app" && exec "${run[@]}") >"$work/log" 2>&1 &
pid=$!
for _ in $(seq 1 120); do
  curl -fsS "http://127.0.0.1:$port/health" >/dev/null 2>&1 && { echo "the runtime files serve /health"; echo "1 passed, 0 failed, 0 skipped"; exit 0; }
  kill -0 "$pid" 2>/dev/null || { tail -30 "$work/log"; fail "the server ended"; }
  sleep 0.5
done
tail -30 "$work/log"
fail "no answer on /health"
