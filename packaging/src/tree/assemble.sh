#!/bin/sh
# Assembles the runnable tree, bin/ and lib/: assemble.sh TREE SOURCES VERSION [RUNTIME], with the JDK of JAVA_HOME,
# on which the tree runs too, unless there is a RUNTIME, which becomes a part of it. Nothing is done if nothing
# that goes into the tree has changed. With SOURCE_DATE_EPOCH set the same input gives the same bytes.
set -eu

tree=$1
sources=$2
version=$3
runtime=${4:-}
src=$(cd "$(dirname "$0")" && pwd)
classes=$src/../../package/classes
java=$JAVA_HOME/bin/java
find=find-java
new=$tree.new

die() {
  echo "packaging: $*" >&2
  exit 1
}

# jars_of MODULE: its own and those it needs at run time, a line each.
jars_of() {
  echo "$sources/$1/target/pm-$1-$version.jar"
  tr : '\n' < "$sources/$1/target/dependencies.classpath"
}
pmd_jars=$(jars_of daemon)
pmctl_jars=$(jars_of cli)

key=$(
  {
    echo "$tree $JAVA_HOME $runtime ${SOURCE_DATE_EPOCH:-}"
    cat "$src"/* "$JAVA_HOME/release" ${runtime:+"$runtime/key" "$classes"/*}
    echo "$pmd_jars" "$pmctl_jars" | xargs sha256sum
  } | sha256sum
)
[ "$(cat "$tree.key" 2> /dev/null)" != "$key" ] || exit 0

rm -rf "$new" "$tree.key"
mkdir -p "$new/bin" "$new/lib"

# Machines that the tree is for, as the native library names them.
machines="x86_64 aarch64"
if [ -n "$runtime" ]; then
  cp -a "$runtime" "$new/runtime"
  rm "$new/runtime/key"
  java=$new/runtime/bin/java
  find=own-java
  machines=$(uname -m)
fi

# The jars, but for the one that holds a native library for each machine there is: those of the
# machines we know are laid beside, so that none is unpacked when pmd starts.
for jar in $pmd_jars $pmctl_jars; do
  case $jar in
    */jffi-*-native.jar)
      mkdir -p "$new/lib/native"
      for machine in $machines; do
        (cd "$new/lib" && "$JAVA_HOME/bin/jar" xf "$jar" "jni/$machine-Linux")
      done
      mv "$new"/lib/jni/* "$new/lib/native"
      rmdir "$new/lib/jni"
      ;;
    *) cp "$jar" "$new/lib" ;;
  esac
done

# What no archive can hold is linked here, and not each time that they start.
"$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$src/Prelink.java" \
  "$(find "$new/lib" -name '*.jar' | sort | paste -sd :)" "$new"/lib/pm-*.jar

# Whoever made the native library left its symbols in it.
[ -z "$runtime" ] || find "$new/lib/native" -name '*.so' -exec strip --strip-unneeded {} +

# class_path JARS FOLDER: those of them that the tree has.
class_path() {
  echo "$1" | sed -e '/jffi-.*-native\.jar$/d' -e "s:.*/:$2/:" | paste -sd :
}

flags() {
  sed -e '/^#/d' -e 's/^/  /' -e 's/$/ \\/' "$src/$1.flags"
}

launcher() {
  program=$1 main=$2 options=$3 jars=$4
  flags "$program" > "$new/flags"
  sed \
    -e "/^@JAVA@\$/{
r $src/$find.sh
d
}" "$src/launcher.sh" | sed \
    -e "s:@PROGRAM@:$program:g" \
    -e "s:@MAIN@:$main:" \
    -e "s:@OPTIONS@:$options:" \
    -e "s:@JDK@:$JAVA_HOME:" \
    -e "s#@CLASSPATH@#$(class_path "$jars" "\$lib")#" \
    -e "/^@FLAGS@\$/{
r $new/flags
d
}" > "$new/bin/$program"
  rm "$new/flags"
  chmod 755 "$new/bin/$program"
}

launcher pmd pm.daemon.Main PMD_JAVA_OPTIONS "$pmd_jars"
launcher pmctl pm.cli.Main PMCTL_JAVA_OPTIONS "$pmctl_jars"

# An archive names its jars with their times.
[ -z "${SOURCE_DATE_EPOCH:-}" ] || find "$new" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# The class-data archives: what the programs load in a run that is like any other is laid out in advance.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$runtime" ]; then
  # $work/*.PROGRAM.classes are the lists of such runs.
  "$src/train.sh" "$new" "$work" > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    die "the run that gathers the classes for the archives failed, see above"
  }
fi

# classes_of PROGRAM JARS: the list for its archive. That of two runs is never quite the same, so packages have kept ones.
classes_of() {
  if [ -n "$runtime" ]; then
    own=$(class_path "$2" "$new/lib" | tr : '\n' | grep "/pm-[a-z]*-$version\.jar$")
    # shellcheck disable=SC2086
    "$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$classes/Classes.java" "$classes/$1.unused" $own
    cat "$classes/$1.others"
  else
    # Class numbers differ from list to list and mean something only to class loaders of one's own.
    cat "$work"/*."$1".classes | sed -e '/^#/d' -e '/^@cp/d' -e '/source:/d' -e 's/ id: [0-9]*$//'
  fi | LC_ALL=C sort -u
}

anywhere=.
while [ "${#anywhere}" -lt 127 ]; do
  anywhere=$anywhere/.
done

archive() {
  program=$1 jars=$2
  classes_of "$program" "$jars" > "$work/$program.classes"
  # The class path is relative, for the archive would hold the name of this folder; "./" is what the
  # JVM replaces by the folder that the jars are in at run time. So many of them leave room for place.sh.
  # shellcheck disable=SC2046
  (
    lib=. command=.
    cd "$new/lib"
    eval "set -- $(flags "$program" | grep -v -e '-Xlog' | tr -d '\\\n')"
    "$java" "$@" -Xlog:disable -Xlog:all=error:stderr -Xshare:dump -XX:SharedClassListFile="$work/$program.classes" \
      -XX:SharedArchiveFile="$program.jsa" -cp "$(class_path "$jars" "$anywhere")"
  ) > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    die "the class-data archive of $program was not made, see above"
  }
}

archive pmd "$pmd_jars"
archive pmctl "$pmctl_jars"
# A tree that becomes a part of a package is placed by that.
[ -n "$runtime" ] || "$src/place.sh" "$new/lib" "$tree/lib" "${#anywhere}"

# The schemas that editors check files with.
mkdir -p "$new/share/schema"
for kind in program daemon; do
  "$new/bin/pmctl" config schema $kind > "$new/share/schema/$kind.json" || die "pmctl prints no schema of $kind"
done

[ -z "${SOURCE_DATE_EPOCH:-}" ] || find "$new" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -rf "$tree"
mv "$new" "$tree"
PMD_JAVA_OPTIONS=-Xshare:on "$tree/bin/pmd" --version > /dev/null || die "pmd does not start with its archive"
PMCTL_JAVA_OPTIONS=-Xshare:on "$tree/bin/pmctl" version --help > /dev/null || die "pmctl does not start with its archive"
echo "$key" > "$tree.key"
