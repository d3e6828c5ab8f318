#!/bin/sh
# Packs the staged files ROOT: deb.sh ROOT VERSION OUT.
set -eu
root=$1 version=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
architecture=$(dpkg --print-architecture)

mkdir -p "$root/DEBIAN" "$root/usr/share/lintian/overrides"
cp "$here/deb/lintian-overrides" "$root/usr/share/lintian/overrides/pmd"
maintainer=$(sed -n 's/^Maintainer: //p' "$here/deb/control")
gzip -9n > "$root/usr/share/doc/pmd/changelog.Debian.gz" << END
pmd ($version-1) stable; urgency=medium

  * What changed is in changelog.gz.

 -- $maintainer  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
size=$(du -ks --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" "$here/deb/control" > "$root/DEBIAN/control"
(cd "$root" && find etc -type f | LC_ALL=C sort | sed 's:^:/:') > "$root/DEBIAN/conffiles"
(cd "$root" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -print | sed 's:^\./::' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
for script in preinst postinst prerm postrm; do
  sed -e "/^@UPGRADE@\$/{
r $here/upgrade.sh
d
}" "$here/deb/$script" > "$root/DEBIAN/$script"
  chmod 755 "$root/DEBIAN/$script"
done
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
# As many threads as there are processors would be other bytes on another machine.
dpkg-deb --root-owner-group --threads-max=1 ${PM_FAST:+-Zgzip -z1} -b "$root" "$out/pmd_$version-1_$architecture.deb" > /dev/null
