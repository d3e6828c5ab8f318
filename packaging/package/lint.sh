#!/bin/sh
# Fails if lintian or rpmlint finds anything in the packages of FOLDER: lint.sh FOLDER. What they need not tell is in
# deb/lintian-overrides and rpm/rpmlint.toml, each with its reason.
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$out"/*.deb || {
  echo "lintian finds faults in the deb, see above" >&2
  exit 1
}
rpmlint --config "$here/rpm/rpmlint.toml" "$out"/*.rpm > "$work/rpmlint" 2>&1 || true
if ! grep -q ' 0 errors, 0 warnings,' "$work/rpmlint"; then
  cat "$work/rpmlint"
  echo "rpmlint finds faults in the rpm, see above" >&2
  exit 1
fi
