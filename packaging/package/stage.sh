#!/bin/sh
# Lays out the files of a package: stage.sh ROOT deb|rpm VERSION TREE DOCUMENTATION SOURCES, where TREE is the
# runnable one with its runtime, and DOCUMENTATION holds man/, completion/, schema/ and sbom/.
set -eu
root=$1 kind=$2 version=$3 tree=$4 documentation=$5 sources=$6
here=$(cd "$(dirname "$0")" && pwd)
doc=$root/usr/share/doc/pmd

case $kind in
  deb)
    units=$root/lib/systemd/system
    zsh=$root/usr/share/zsh/vendor-completions
    ;;
  rpm)
    units=$root/usr/lib/systemd/system
    zsh=$root/usr/share/zsh/site-functions
    ;;
esac

# file MODE FROM TO
file() {
  mkdir -p "$(dirname "$3")"
  install -m "$1" "$2" "$3"
}

rm -rf "$root"
umask 022
mkdir -p "$root/usr/lib/pm" "$root/usr/bin" "$root/usr/sbin" "$doc"

# One folder a version, so that a new one is laid beside that which runs.
cp -a "$tree" "$root/usr/lib/pm/$version"
rm -rf "$root/usr/lib/pm/$version/share"
"$sources/packaging/src/tree/place.sh" "$root/usr/lib/pm/$version/lib" "/usr/lib/pm/$version/lib" 127
# pmctl is called by its link nearly always: where that leads need not be asked of a process each time.
sed -i "s:self=\$(readlink .*):self=/usr/lib/pm/$version/bin/pmctl:" "$root/usr/lib/pm/$version/bin/pmctl"
ln -s "../lib/pm/$version/bin/pmctl" "$root/usr/bin/pmctl"
ln -s "../lib/pm/$version/bin/pmd" "$root/usr/sbin/pmd"

file 644 "$here/etc/pmd.yaml" "$root/etc/pm/pmd.yaml"
mkdir -p "$root/etc/pm/programs.d"
for unit in "$sources"/packaging/systemd/*.service; do
  file 644 "$unit" "$units/$(basename "$unit")"
done
file 644 "$here/systemd/pmd.preset" "$root/usr/lib/systemd/system-preset/85-pmd.preset"
file 644 "$here/systemd/sysusers.conf" "$root/usr/lib/sysusers.d/pmd.conf"
file 644 "$here/systemd/tmpfiles.conf" "$root/usr/lib/tmpfiles.d/pmd.conf"

for page in "$documentation"/man/man*/*; do
  file 644 "$page" "$root/usr/share/man/$(basename "$(dirname "$page")")/$(basename "$page")"
done
find "$root/usr/share/man" -type f -exec gzip -9n {} +
# Completion files are read by the shell that completes, never run.
file 644 "$documentation/completion/bash/pmctl" "$root/usr/share/bash-completion/completions/pmctl"
file 644 "$documentation/completion/zsh/_pmctl" "$zsh/_pmctl"
file 644 "$documentation/completion/fish/pmctl.fish" "$root/usr/share/fish/vendor_completions.d/pmctl.fish"
for schema in "$documentation"/schema/*.json; do
  file 644 "$schema" "$root/usr/share/pm/schema/$(basename "$schema")"
done
for bill in "$documentation"/sbom/*.json; do
  [ ! -e "$bill" ] || file 644 "$bill" "$doc/$(basename "$bill")"
done

cp "$sources/README.md" "$sources"/docs/*.md "$doc"
cp -r "$sources/config-examples" "$doc/examples"
mv "$doc/examples/workers" "$doc/workers"
# The examples name it so.
ln -s ../workers "$doc/examples/workers"
file 644 "$sources/CHANGELOG.md" "$doc/changelog"
gzip -9n "$doc/changelog"
file 644 "$here/copyright" "$doc/copyright"

find "$root" -type f -exec chmod go-w,a+r {} +
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
