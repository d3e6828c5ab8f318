#!/bin/sh
# Packs the staged files ROOT: rpm.sh ROOT VERSION OUT.
set -eu
root=$1 version=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
sed -e "s/@VERSION@/$version/" -e "/^@UPGRADE@\$/{
r $here/upgrade.sh
d
}" "$here/rpm/pmd.spec" > "$top/pmd.spec"
rpmbuild -bb --quiet --target "$(uname -m)" \
  --define "_topdir $top" --define "_rpmdir $out" --define "staged $root" \
  --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
  ${PM_FAST:+--define "_binary_payload w1.gzdio"} "$top/pmd.spec"
