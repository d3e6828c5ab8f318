#!/bin/sh
# Makes the Java runtime that packages carry: runtime.sh OUT, from the JDK of JAVA_HOME. Nothing is done if it
# is there already.
set -eu
out=$1

# All that is ever loaded: jnr-ffi logs to java.logging, jffi uses sun.misc.Unsafe. jdeps names java.naming, java.xml
# and java.desktop too, for parts of Logback and SnakeYAML that nothing of ours reaches; the tests of what is
# shipped pass without them, and they would be 11 MB.
modules=java.base,java.logging,jdk.unsupported

key=$({ cat "$0" "$JAVA_HOME/release"; } | sha256sum)
[ "$(cat "$out/key" 2> /dev/null)" != "$key" ] || exit 0

# A runtime runs where its C library is at least as new as that of the machine the JDK was built on: Temurin's
# was built on an old one, those of distributions on their own.
grep -q '^IMPLEMENTOR="Eclipse Adoptium"$' "$JAVA_HOME/release" \
  || echo "packaging: $JAVA_HOME is no Temurin: the packages may need a newer C library than they say" >&2

rm -rf "$out"
mkdir -p "$(dirname "$out")"
"$JAVA_HOME/bin/jlink" --add-modules "$modules" --output "$out" \
  --strip-java-debug-attributes --strip-native-debug-symbols=exclude-debuginfo-files --no-header-files --no-man-pages

# jlink leaves the symbol tables.
find "$out/bin" "$out/lib" -type f \( -name '*.so' -o -perm -u+x \) -exec strip --strip-unneeded {} +
# For tools that look into other runtimes; a key store's tool; a launcher for jars as programs; the list that
# the JVM's own archive is made of, and this runtime has archives of ours.
rm -f "$out/lib/jrt-fs.jar" "$out/bin/keytool" "$out/lib/jexec" "$out/lib/classlist"
chmod -R u+w,go-w "$out"
echo "$key" > "$out/key"
