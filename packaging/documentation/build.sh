#!/bin/sh
# Writes what packages bring beside the programs: build.sh FOLDER [RUNTIME], on the Java of JAVA_HOME. RUNTIME is the
# folder of the Java runtime that is packed; the bill of materials names its modules then.
#   man/man1/pmctl-start.1 …    pages of the manual
#   completion/{bash/pmctl,zsh/_pmctl,fish/pmctl.fish}
#   schema/{program,daemon}.json
#   sbom/pm.cdx.json            the bill of materials: target/sbom.json, which Maven has written, and the runtime
# The tree packaging/target/pm and the classes of packaging's tests must be there: "mvn process-test-classes" makes them.
# The same sources give the same bytes. SOURCE_DATE_EPOCH names the date of the pages; else it is that of the pom.
set -eu

out=${1:?"usage: build.sh FOLDER [RUNTIME]"}
runtime=${2:-}
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

generate() {
  class=$1
  shift
  "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here/target/test-classes:$tree/lib/*" "pm.documentation.$class" "$@"
}

generate Documentation "$repository" "$new/man" "$date"

"$tree/bin/pmctl" completion bash > "$new/completion/bash/pmctl"
"$tree/bin/pmctl" completion zsh > "$new/completion/zsh/_pmctl"
"$tree/bin/pmctl" completion fish > "$new/completion/fish/pmctl.fish"
cp "$tree"/share/schema/*.json "$new/schema/"

[ -f "$here/target/sbom.json" ] \
  || die "there is no $here/target/sbom.json: Maven writes it with the profile packages, when it is not offline."
mkdir "$new/sbom"
jdk=${JAVA_HOME:-$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p')}
generate Sbom "$here/target/sbom.json" "$tree/lib" "$new/sbom/pm.cdx.json" "$jdk" ${runtime:+"$runtime"}

rm -rf "$out"
mv "$new" "$out"
