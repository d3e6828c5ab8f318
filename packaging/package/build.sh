#!/bin/sh
# Builds the packages: build.sh TARGET SOURCES VERSION, with the JDK of JAVA_HOME, from the built jars and
# TARGET/documentation, into TARGET/packages. The same source gives the same bytes, in whatever folder.
set -eu
target=$1 sources=$(cd "$2" && pwd) version=$3
here=$(cd "$(dirname "$0")" && pwd)
out=$target/packages
work=$target/package
documentation=$target/documentation
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

die() {
  echo "packaging: $*" >&2
  exit 1
}

[ -n "${SOURCE_DATE_EPOCH:-}" ] || SOURCE_DATE_EPOCH=$(git -C "$sources" log -1 --format=%ct 2> /dev/null) \
  || die "SOURCE_DATE_EPOCH is not set, and $sources is no clone that would tell the time of its last commit"
export SOURCE_DATE_EPOCH

"$here/runtime.sh" "$work/runtime"
for part in man/man1 man/man8 completion schema; do
  [ -e "$documentation/$part" ] || die "there is no $documentation/$part: build with ./pm package"
done
"$sources/packaging/src/tree/assemble.sh" "$work/tree" "$sources" "$version" "$work/runtime"
# Anew, for it names the jars and the runtime that are packed.
"$sources/packaging/documentation/sbom.sh" "$work/tree/lib" "$documentation/sbom/pm.cdx.json" "$work/runtime"

rm -rf "$out"
mkdir -p "$out"
"$here/tarball.sh" "$work/tree" "$version" "$documentation" "$sources" "$out"
if command -v dpkg-deb > /dev/null; then
  "$here/stage.sh" "$work/deb" deb "$version" "$work/tree" "$documentation" "$sources"
  "$here/deb.sh" "$work/deb" "$version" "$out"
else
  echo "packaging: no deb, for there is no dpkg-deb here" >&2
fi
if command -v rpmbuild > /dev/null; then
  "$here/stage.sh" "$work/rpm" rpm "$version" "$work/tree" "$documentation" "$sources"
  "$here/rpm.sh" "$work/rpm" "$version" "$out"
else
  echo "packaging: no rpm, for there is no rpmbuild here (Debian: apt install rpm)" >&2
fi
(cd "$out" && sha256sum -- *.* > SHA256SUMS)
