#!/bin/sh
# Starts @PROGRAM@ on its Java runtime. It ends in exec, so its pid is @PROGRAM@'s.

case $0 in
  /*) command=$0 ;;
  *) command=$PWD/$0 ;;
esac
self=$command
[ ! -h "$self" ] || self=$(readlink -f -- "$self")
# By its real path: a link in it may lead to another version later.
here=${PWD:-/}
CDPATH='' cd -P -- "${self%/*}/.." || exit 66
lib=$PWD/lib
cd -- "$here" 2> /dev/null || cd /
unset OLDPWD

@JAVA@

# What is meant for other Java programs must not disturb this one.
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS

# Java takes no file name or argument beyond ASCII without a UTF-8 locale. What pmd starts may inherit
# its locale, so there one is only added where none is.
case @PROGRAM@:${LC_ALL:-${LC_CTYPE:-${LANG:-C}}} in
  pmctl:*) export LC_ALL=C.UTF-8 ;;
  pmd:C | pmd:POSIX)
    export LC_CTYPE=C.UTF-8
    [ -z "${LC_ALL:-}" ] || export LC_ALL=C.UTF-8
    ;;
esac

# Java would open its own files as a closed descriptor 0, 1 or 2, and does not start in a removed folder.
[ -e /proc/self/fd/0 ] || exec < /dev/null
[ -e /proc/self/fd/1 ] || exec > /dev/null
[ -e /proc/self/fd/2 ] || exec 2> /dev/null
[ -d "${PWD:-}" ] || cd /

# shellcheck disable=SC2086  # the options are meant to be split
exec "$java_home/bin/java" \
  -XX:SharedArchiveFile="$lib/@PROGRAM@.jsa" \
@FLAGS@
  ${@OPTIONS@:-} \
  -cp "@CLASSPATH@" \
  @MAIN@ "$@"
