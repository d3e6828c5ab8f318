# Is $1 a Java 25? The file "release" tells without starting it.
is_25() {
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
  while read -r line; do
    case $line in
      JAVA_VERSION=\"25[.\"+-]*) return 0 ;;
    esac
  done < "$1/release"
  return 1
}

find_java() {
  for java_home in "${PM_JAVA_HOME:-}" '@JDK@' "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
    is_25 "$java_home" && return
  done
  if java_home=$(command -v java); then
    java_home=$(readlink -f -- "$java_home")
    java_home=${java_home%/bin/java}
    is_25 "$java_home" && return
  fi
  echo '@PROGRAM@: no Java 25 was found: install it (Debian: openjdk-25-jre-headless) or name its folder in PM_JAVA_HOME.' >&2
  exit 69
}
find_java
