#!/bin/sh
# Writes anew which classes the archives of packages hold: gather.sh TREE, the tree packaging/target/pm. It
# runs the programs five times, for not every run meets the same classes. To be called when libraries, the JDK or what
# the programs do at their start have changed.
#   PROGRAM.others  what is loaded of the JDK and of libraries
#   PROGRAM.unused  classes of our own that no run needed; all others are in the archive
set -eu
tree=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

for run in 1 2 3 4 5; do
  mkdir "$work/$run"
  "$here/../../src/tree/train.sh" "$tree" "$work/$run" > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
done
# gather PROGRAM JARS…
gather() {
  program=$1
  shift
  cat "$work"/*/*."$program".classes | sed -e '/^#/d' -e '/^@cp/d' -e '/source:/d' -e 's/ id: [0-9]*$//' | sort -u > "$work/used"
  grep -vE '^(@lambda-proxy )?pm/' "$work/used" > "$here/$program.others"
  "$JAVA_HOME/bin/java" "$here/Classes.java" /dev/null "$@" | grep -v '^@' | sort > "$work/own"
  grep -v '^@' "$work/used" | sort | comm -13 - "$work/own" > "$here/$program.unused"
}
gather pmd "$tree"/lib/pm-daemon-*.jar "$tree"/lib/pm-config-*.jar "$tree"/lib/pm-protocol-*.jar
gather pmctl "$tree"/lib/pm-cli-*.jar "$tree"/lib/pm-config-*.jar "$tree"/lib/pm-protocol-*.jar
