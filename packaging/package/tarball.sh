#!/bin/sh
# Packs the tree with its runtime for any folder: tarball.sh TREE VERSION DOCUMENTATION SOURCES OUT.
set -eu
tree=$1 version=$2 documentation=$3 sources=$4 out=$5
here=$(cd "$(dirname "$0")" && pwd)
name=pm-$version-linux-$(uname -m)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
cp -a "$tree" "$work/$name"
mkdir -p "$work/$name/share/man" "$work/$name/share/doc" "$work/$name/share/systemd"
rm -rf "$work/$name/share/schema"
cp -r "$documentation/man/." "$work/$name/share/man"
cp -r "$documentation/completion" "$documentation/schema" "$work/$name/share"
[ ! -d "$documentation/sbom" ] || cp -r "$documentation/sbom" "$work/$name/share"
cp "$sources"/docs/*.md "$work/$name/share/doc"
cp -r "$sources/config-examples" "$work/$name/share/examples"
cp "$sources"/packaging/systemd/*.service "$work/$name/share/systemd"
cp "$sources/LICENSE" "$sources/CHANGELOG.md" "$work/$name"
cp "$here/copyright" "$work/$name/COPYRIGHT"
sed "s/@NAME@/$name/" "$here/INSTALL" > "$work/$name/INSTALL"
find "$work/$name" -type f -exec chmod go-w,a+r {} +
find "$work/$name" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -C "$work" -cf - "$name" \
  | xz ${PM_FAST:+-0} -T2 > "$out/$name.tar.xz"
