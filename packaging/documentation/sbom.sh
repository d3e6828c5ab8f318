#!/bin/sh
# Writes the bill of materials: sbom.sh LIB FILE [RUNTIME], on the JDK of JAVA_HOME. LIB is the folder of the jars that
# are packed, RUNTIME that of the Java runtime, whose modules are named then. What Maven knows of the jars is in
# target/sbom.json, which it writes with the profile packages.
set -eu

lib=${1:?"usage: sbom.sh LIB FILE [RUNTIME]"}
file=${2:?"usage: sbom.sh LIB FILE [RUNTIME]"}
runtime=${3:-}
here=$(cd "$(dirname "$0")/.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

[ -f "$here/target/sbom.json" ] || {
  echo "packaging: no bill of materials, for Maven writes $here/target/sbom.json only when it is not offline" >&2
  exit 0
}
jdk=${JAVA_HOME:-$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p')}
mkdir -p "$(dirname "$file")"
"$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here/target/test-classes:$lib/*" \
  pm.documentation.Sbom "$here/target/sbom.json" "$lib" "$file" "$jdk" ${runtime:+"$runtime"}
