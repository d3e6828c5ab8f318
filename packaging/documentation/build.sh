#!/bin/sh
# Writes what packages bring beside the programs: build.sh FOLDER, on the Java of JAVA_HOME.
#   man/man1/pmctl-start.1 …    pages of the manual
#   completion/{bash/pmctl,zsh/_pmctl,fish/pmctl.fish}
#   schema/{program,daemon}.json
#   sbom/pm.cdx.json            the bill of materials; see sbom.sh
# The tree packaging/target/pm and the classes of packaging's tests must be there: "mvn process-test-classes" makes them.
# The same sources give the same bytes. SOURCE_DATE_EPOCH names the date of the pages; else it is that of the pom.
set -eu

out=${1:?"usage: build.sh FOLDER"}
here=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$here/.." && pwd)
tree=$here/target/pm
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

die() {
  echo "documentation: $*" >&2
  exit 1
}
if [ ! -x "$tree/bin/pmctl" ] || [ ! -d "$here/target/test-classes/pm/documentation" ]; then
  die "packaging is not built: run 'mvn -DskipTests process-test-classes' first."
fi

if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
  date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)
else
  date=$(sed -n 's:.*<project.build.outputTimestamp>\(....-..-..\)T.*:\1:p' "$repository/pom.xml")
fi

umask 022
new=$out.new
rm -rf "$new"
mkdir -p "$new/man" "$new/completion/bash" "$new/completion/zsh" "$new/completion/fish" "$new/schema"

"$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here/target/test-classes:$tree/lib/*" \
  pm.documentation.Documentation "$repository" "$new/man" "$date"

"$tree/bin/pmctl" completion bash > "$new/completion/bash/pmctl"
"$tree/bin/pmctl" completion zsh > "$new/completion/zsh/_pmctl"
"$tree/bin/pmctl" completion fish > "$new/completion/fish/pmctl.fish"
cp "$tree"/share/schema/*.json "$new/schema/"

"$here/documentation/sbom.sh" "$tree/lib" "$new/sbom/pm.cdx.json"

rm -rf "$out"
mv "$new" "$out"
