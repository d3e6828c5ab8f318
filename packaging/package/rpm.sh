#!/bin/sh
# Packs the staged files ROOT: rpm.sh ROOT VERSION OUT.
set -eu
root=$1 version=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
date=$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')
sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$date/" -e "/^@UPGRADE@\$/{
r $here/upgrade.sh
d
}" "$here/rpm/pmd.spec" > "$top/pmd.spec"
rpmbuild -bb --quiet --target "$(uname -m)" \
  --define "_topdir $top" --define "_rpmdir $out" --define "staged $root" \
  --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
  ${PM_FAST:+--define "_binary_payload w1.gzdio"} "$top/pmd.spec" > "$top/log" 2>&1 || {
  cat "$top/log" >&2
  exit 1
}
