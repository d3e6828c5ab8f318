#!/bin/sh
# Are the packages the same bytes wherever they are built? Builds them anew, from the same source in another folder, and
# compares: reproducible.sh, after ./pm package.
set -eu
sources=$(cd "$(dirname "$0")/../.." && pwd)
out=$sources/packaging/target/packages
[ -f "$out/SHA256SUMS" ] || {
  echo "there is nothing to compare with: run ./pm package first" >&2
  exit 2
}
[ -n "${SOURCE_DATE_EPOCH:-}" ] || SOURCE_DATE_EPOCH=$(git -C "$sources" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT
# Not a clone: what is not committed yet belongs to the source too.
(cd "$sources" && git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -cf - -T -) | tar -xf - -C "$other"
(cd "$other" && ./pm package "$@" > build.log 2>&1) || {
  cat "$other/build.log" >&2
  exit 1
}
if diff "$out/SHA256SUMS" "$other/packaging/target/packages/SHA256SUMS"; then
  echo "the same bytes in $sources and in another folder"
else
  echo "the packages differ. What they are made of:" >&2
  (cd "$sources/packaging/target/package" && find tree deb rpm -type f -exec sha256sum {} + | LC_ALL=C sort -k 2) > "$other/one"
  (cd "$other/packaging/target/package" && find tree deb rpm -type f -exec sha256sum {} + | LC_ALL=C sort -k 2) > "$other/two"
  diff "$other/one" "$other/two" >&2 || true
  exit 1
fi
