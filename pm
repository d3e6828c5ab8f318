#!/bin/sh
# Everything a clone needs: ./pm help
set -u

cd "$(dirname "$0")" || exit 1
root=$PWD
tree=$root/packaging/target/pm
home=$root/.pm/demo

say() { printf '%s\n' "$*"; }
die() {
  printf 'pm: %s\n' "$*" >&2
  exit 1
}

help() {
  cat << END
usage: ./pm COMMAND

  demo    build what is missing, then start a pmd of its own on config-examples/demo.yaml and show it at work
  test    build everything and run all tests
  build   build the runnable tree packaging/target/pm, without tests
  test-packages
          build the packages, then install, run, upgrade and remove them, as far as this machine allows
  test-all
          both, with one count
  campaign [--minutes N] [LINE...]
          what is too long for every build: thousands of crashes, histories, faults, fuzzed parsers; --list names the
          lines, docs/reliability.md says what they show, --minutes shares out a time; without it that takes a day
  mutants [CLASSES]
          change the code in thousands of small ways and look which of them no test notices; takes hours.
          CLASSES, such as 'pm.daemon.core.pool.*': only these
  package [VERSION]
          build deb, rpm and tarball, with a Java runtime of their own, in packaging/target/packages
  clean   end the demo and remove what was built
  help    this

It needs a JDK 25 (JAVA_HOME, PATH or /usr/lib/jvm) and Maven 3.8.7 or later.
As root, on a system whose packages have them, what is missing is installed.
END
}

is_jdk_25() {
  [ -x "$1/bin/javac" ] && grep -q '^JAVA_VERSION="25[."+-]' "$1/release" 2> /dev/null
}

find_jdk() {
  javac=$(command -v javac) && javac=$(readlink -f "$javac")
  for jdk in "${JAVA_HOME:-}" "${javac%/bin/javac}" /usr/lib/jvm/*25*; do
    if is_jdk_25 "$jdk"; then
      JAVA_HOME=$jdk
      PATH=$jdk/bin:$PATH
      export JAVA_HOME PATH
      return 0
    fi
  done
  return 1
}

# apt_has PACKAGE: may we install it, and is there one?
apt_has() {
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return 1
  apt-cache show "$1" > /dev/null 2>&1 && return
  apt-get update -q > /dev/null 2>&1
  apt-cache show "$1" > /dev/null 2>&1
}

apt_install() {
  say "Installing $1."
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1" > /dev/null 2>&1 \
    || die "apt-get could not install $1: run 'apt-get install $1' to see why."
}

find_tools() {
  find_jdk || {
    apt_has openjdk-25-jdk-headless || die "no JDK 25 was found: install one (Debian 13, Ubuntu: openjdk-25-jdk-headless; elsewhere, such as Debian 12: a Temurin 25 from adoptium.net) and set JAVA_HOME to its folder."
    apt_install openjdk-25-jdk-headless
    find_jdk || die "openjdk-25-jdk-headless is installed, but there is no JDK 25 in /usr/lib/jvm."
  }
  command -v mvn > /dev/null || {
    apt_has maven || die "no mvn was found: install Maven 3.8.7 or later (Debian, Ubuntu: maven) and have it in PATH."
    apt_install maven
  }
}

# The build and the demo write into the clone, which somebody else may have built.
check_writable() {
  other=$(find "$root" -maxdepth 2 \( -path "$root" -o -name target -o -path "$root/.pm" -o -path "$home" \) ! -writable -print -quit)
  [ -z "$other" ] || die "$other belongs to $(stat -c %U "$other"), so $(id -un) cannot write there: remove it, or work on a clone of your own."
}

maven() {
  find_tools
  # Maven's own libraries still use what Java 25 warns about, and one leaves control characters behind.
  MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow -Djansi.noreset=true"
  export MAVEN_OPTS
  # An account without a home of its own keeps Maven's downloads in the clone.
  [ -w "${HOME:-/nonexistent}" ] || set -- "-Dmaven.repo.local=$root/.pm/repository" "$@"
  mvn -B -ntp -Dstyle.color=never "$@"
}

build() {
  check_writable
  stop_demo
  maven -q -DskipTests process-test-classes || die "the build failed, see above."
}

# What packages are built with, as COMMAND:PACKAGE.
package_tools='dpkg-deb:dpkg rpmbuild:rpm strip:binutils xz:xz-utils'

packages() {
  check_writable
  find_tools_of "$package_tools" "What needs it is left out"
  maven -q -Ppackages -DskipTests ${1:+"-Drevision=$1"} package || die "the packages were not built, see above."
  (cd packaging/target/packages && ls -sh -- *.*)
}

is_built() {
  [ -x "$tree/bin/pmd" ] && [ -f "$tree.key" ] \
    && [ -z "$(find pom.xml .mvn ./*/pom.xml ./*/src -newer "$tree.key" -print -quit)" ]
}

# total ATTRIBUTE: its sum over the reports of all test classes.
total() {
  cat ./*/target/surefire-reports/TEST-*.xml 2> /dev/null \
    | sed -n "/<testsuite /s/.* $1=\"\([0-9]*\)\".*/\1/p" | { sum=0; while read -r n; do sum=$((sum + n)); done; echo $sum; }
}

# What the tests run beside pmd, as COMMAND:PACKAGE. A test whose program is missing says so and is skipped.
test_tools='systemd-nspawn:systemd-container mmdebstrap:mmdebstrap systemd-notify:systemd redis-server:redis-server
nginx:nginx-light php-fpm8.2:php8.2-fpm redis-cli:redis-tools pg_ctlcluster:postgresql python3:python3 setpriv:util-linux strace:strace socat:socat zsh:zsh fish:fish
mandoc:mandoc man:man-db'

# find_tools_of TOOLS CONSEQUENCE: installs what is missing of them, or says what comes of that.
find_tools_of() {
  missing=
  for tool in $1; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${tool%:*}" > /dev/null || missing="$missing ${tool#*:}"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    say "Installing:$missing."
    apt-get update -q > /dev/null 2>&1
    # One by one: what a distribution lacks keeps out nothing else.
    for package in $missing; do
      DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$package" > /dev/null 2>&1 \
        || say "$package could not be installed. $2."
    done
  else
    say "These are missing:$missing. $2."
  fi
}

# What the tests of packages need besides.
boot_tools='mmdebstrap:mmdebstrap systemd-nspawn:systemd-container lintian:lintian rpmlint:rpmlint rpm2cpio:rpm2cpio cpio:cpio
unshare:util-linux nsenter:util-linux setpriv:util-linux ps:procps'

passed=0 failed=0 skipped=0 broken=

run_tests() {
  check_writable
  find_tools_of "$test_tools" "Tests that need it are skipped"
  stop_demo
  rm -rf ./*/target/surefire-reports
  # A failed test stops nothing, so that all are run; the figures decide in the end.
  maven -Dmaven.test.failure.ignore=true verify || {
    broken=yes
    say ""
    say "The build itself failed, so there may be tests that did not run: see above."
  }
  failed=$(($(total failures) + $(total errors))) skipped=$(total skipped)
  passed=$(($(total tests) - failed - skipped))
  [ "$passed" != 0 ] || broken=yes
  [ "$failed" = 0 ] || say "Failed: $(grep -lE '<(failure|error)' ./*/target/surefire-reports/TEST-*.xml | sed 's/.*TEST-//; s/\.xml$//' | paste -sd' ')"
}

# Counts each check as a test.
test_packages() {
  find_tools_of "$boot_tools" "Tests of packages that need it are skipped"
  results=$root/packaging/target/boot.txt
  # What only makes packages small is left out.
  if (export PM_FAST=1 && packages); then
    packaging/boot/all > "$results" || broken=yes
  else
    echo "FAIL the packages are not built" > "$results"
  fi
  cat "$results"
  passed=$((passed + $(grep -c '^PASS ' "$results"))) failed=$((failed + $(grep -c '^FAIL ' "$results")))
  skipped=$((skipped + $(grep -c '^SKIP ' "$results")))
}

# totals: the last word of all tests.
totals() {
  say ""
  [ "$skipped" = 0 ] || say "$skipped skipped"
  say "$passed passed, $failed failed"
  [ -z "$broken" ] && [ "$failed" = 0 ]
}

# What lines of the campaign run beside pmd.
campaign_tools='python3:python3 strace:strace'

campaign() {
  command -v python3 > /dev/null && case " $* " in *" --list "* | *" --report "* | *" --mended "*) exec campaigns/run "$@" ;; esac
  find_tools_of "$campaign_tools" "Lines that need it are skipped"
  command -v python3 > /dev/null || die "no python3 was found: the campaign cannot run without it."
  find_tools
  is_built || {
    say "Building."
    build
  }
  exec campaigns/run "$@"
}

# killed REPORT…: how many mutants of each package tests have noticed; some of them only by never coming to an end.
killed() {
  sed -n "s/.*<mutation detected='\([a-z]*\)' status='\([A-Z_]*\)'.*<mutatedClass>\(.*\)\.[^.<]*<\/mutatedClass>.*/\3 \1 \2/p" "$@" \
    | awk '{ all[$1]++; killed[$1] += $2 == "true"; late[$1] += $3 == "TIMED_OUT"; unseen[$1] += $3 == "NO_COVERAGE" }
        END {
          for (p in all)
            printf "%-24s %5d of %5d killed, %d %%; %d of them timed out; %d survived, %d not covered\n",
              p, killed[p], all[p], 100 * killed[p] / all[p], late[p], all[p] - killed[p] - unseen[p], unseen[p]
        }' | sort
}

# mutants CLASSES: the reports tell what survived; docs/mutation-testing.md tells how to read them.
mutants() {
  check_writable
  rm -rf ./*/target/pit-reports
  # It takes long, and nobody waits for it.
  renice -n 15 $$ > /dev/null
  maven -Pmutants -pl daemon -am ${1:+"-Dpm.mutants=$1"} process-test-classes || die "there is no report, see above."
  killed ./*/target/pit-reports/mutations.xml
  ls -- */target/pit-reports/index.html
}

pmctl() { PM_HOME=$home "$tree/bin/pmctl" "$@"; }

# show COMMAND…: what a user would type, and what comes back.
show() {
  say ""
  say "\$ $*"
  "$@"
  say ""
}

# Leaves its pid in $pmd.
start_pmd() {
  # A session of its own, so that it outlives this terminal.
  setsid "$tree/bin/pmd" --home "$home" --config config-examples/demo.yaml < /dev/null > "$home/pmd.log" 2>&1 &
  pmd=$!
  until_true 20 answers || die "pmd does not answer: see $home/pmd.log."
}

# Whatever replaces the tree must not do so below a pmd that runs from it.
stop_demo() {
  [ -x "$tree/bin/pmctl" ] && [ -e "$home/run/pmd.sock" ] || return 0
  if pmctl ping > /dev/null 2>&1; then
    say "Ending the demo that is running."
  else
    say "The pmd of the demo before was killed: starting it again, so that it ends what it left."
    start_pmd
  fi
  pmctl daemon shutdown > /dev/null || die "the pmd of the demo before did not end: see '$tree/bin/pmctl --home $home status'."
}

# pid_of INSTANCE: of its process, if it is up.
pid_of() { pmctl status -o json "$1" | tr -d ' \n' | sed -n 's/.*"pid":\([0-9][0-9]*\).*/\1/p'; }

# until_true SECONDS COMMAND…: asks again until it is so; fails when the time is over.
until_true() {
  tries=$(($1 * 5))
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.2
  done
}

answers() {
  kill -0 "$pmd" 2> /dev/null || die "pmd ended at once: $(tail -n 3 "$home/pmd.log")"
  pmctl ping > /dev/null 2>&1
}

has_successor() {
  successor=$(pid_of web@1)
  [ -n "$successor" ] && [ "$successor" != "$victim" ]
}

demo() {
  check_writable
  stop_demo
  is_built || {
    say "Building; the first time this takes a few minutes, for Maven fetches what it needs."
    build
  }
  rm -rf "$home"
  mkdir -p "$home"
  say "Starting pmd in $home."
  start_pmd
  pmctl start web > /dev/null || die "the demo's programs do not start: see $home/pmd.log."

  show pmctl status

  victim=$(pid_of web@1)
  show kill -9 "$victim"
  until_true 20 has_successor || die "web@1 did not come back: see $home/pmd.log."
  say "web@1 was process $victim; now it is process $successor."
  # Says when it is ready.
  pmctl start web@1 > /dev/null
  show pmctl status
  show pmctl why web@1

  cat << END
pmd goes on in the background, as process $pmd. To have a look yourself:

  export PM_HOME=$home PATH=$tree/bin:\$PATH
  pmctl why flaky
  pmctl logs -f web
  pmctl restart queue

And to end it all:

  pmctl daemon shutdown
END
}

clean() {
  check_writable
  stop_demo
  rm -rf target ./*/target .pm/demo
  rmdir .pm 2> /dev/null || true
}

case ${1:-help} in
  demo) demo ;;
  test)
    run_tests
    totals
    ;;
  test-packages)
    test_packages
    totals
    ;;
  test-all)
    run_tests
    test_packages
    totals
    ;;
  mutants) mutants "${2:-}" ;;
  build) build && say "$tree" ;;
  campaign)
    shift
    campaign "$@"
    ;;
  package) packages "${2:-}" ;;
  clean) clean ;;
  help | -h | --help) help ;;
  *)
    help >&2
    exit 2
    ;;
esac
