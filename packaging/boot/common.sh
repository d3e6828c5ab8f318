# Sourced by the scripts of this folder. Each of them tests packages as users get them, prints a line for each check
# ("PASS what", "FAIL what: why" or "SKIP what: why"), leaves nothing behind, and fails if a check failed.

boot=$(cd "$(dirname "$0")" && pwd)
cache=${PM_TEST_CACHE:-${HOME:-/var/tmp}/.cache/pm-test}
failed=0
work=

say() { printf '%s\n' "$*"; }
pass() { say "PASS $*"; }
fail() {
  say "FAIL $*"
  failed=1
}
# check WHAT EXPECTED ACTUAL
check() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1: expected '$2', not '$3'"; fi; }
# check_that WHAT COMMAND...
check_that() {
  what=$1
  shift
  if output=$("$@" 2>&1); then pass "$what"; else fail "$what: $* says: $output"; fi
}
die() {
  fail "$1: $2"
  exit 1
}
# skip WHAT WHY: none of the checks of this script can be made here.
skip() {
  say "SKIP $1: $2"
  exit 0
}
has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" > /dev/null; }

# newest PATTERN: the package of that name that was built last, if any.
newest() { ls -t "$boot"/../target/packages/$1 2> /dev/null | head -n 1; }

# needs WHAT COMMAND:PACKAGE...
needs() {
  what=$1
  shift
  for tool in "$@"; do
    has "${tool%:*}" || skip "$what" "${tool%:*} is missing (Debian: ${tool#*:})"
  done
}
needs_root() { [ "$(id -u)" = 0 ] || skip "$1" "only root can do that"; }

# until_true SECONDS COMMAND...: asks again until it is so; fails when the time is over.
until_true() {
  tries=$(($1 * 10))
  shift
  until "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

# A folder of our own, $work, that goes with us. A script adds to tidy_more what else it has to undo.
tidy_more() { :; }
tidy() {
  trap - EXIT
  tidy_more
  leave_group
  [ -z "$work" ] || rm -rf "$work"
}
make_work() {
  work=$(mktemp -d /var/tmp/pm-test.XXXXXX)
  # mktemp's is for us alone; systems in it have other users as well.
  chmod 755 "$work"
  trap tidy EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 141' PIPE
}

# systemd-nspawn leaves control groups of its own beside the one that it was started in: so we go to one of ours.
hierarchies='/sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup'
group=
enter_group() {
  group=pm-test.$$
  for hierarchy in $hierarchies; do
    if [ -w "$hierarchy/cgroup.procs" ] && mkdir "$hierarchy/$group" 2> /dev/null; then
      echo $$ > "$hierarchy/$group/cgroup.procs" || rmdir "$hierarchy/$group"
    fi
  done
}
leave_group() {
  [ -n "$group" ] || return 0
  for hierarchy in $hierarchies; do
    if [ -d "$hierarchy/$group" ]; then
      echo $$ > "$hierarchy/cgroup.procs" || true
      until_true 10 remove_groups "$hierarchy/$group" || say "$hierarchy/$group cannot be removed."
    fi
  done
}
remove_groups() { find "$1" -depth -type d -exec rmdir {} + 2> /dev/null && [ ! -d "$1" ]; }

# find_debian [,PACKAGE]: a Debian with systemd as a tar, made once and kept: $debian.
find_debian() {
  debian=$cache/debian-systemd$(printf '%s' "${1:-}" | tr , -).tar
  [ ! -f "$debian" ] || return 0
  mkdir -p "$cache"
  mmdebstrap --quiet --variant=minbase --include="systemd,systemd-sysv,dbus,procps${1:-}" bookworm "$cache/making.$$.tar" > "$cache/making.$$.log" 2>&1 || {
    tail -n 3 "$cache/making.$$.log"
    rm -f "$cache/making.$$.tar" "$cache/making.$$.log"
    return 1
  }
  rm -f "$cache/making.$$.log"
  mv "$cache/making.$$.tar" "$debian"
}

# unpack_debian ROOT: as it is, with nothing started that the tests do not need. /root/checks.sh runs once it is up;
# what it writes goes to the file or device OUTPUT.
unpack_debian() {
  mkdir -p "$1"
  tar -C "$1" -xf "$debian"
  for unit in console-getty.service getty.target systemd-logind.service systemd-networkd-wait-online.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer \
    systemd-udevd.service systemd-udev-trigger.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
    systemd-timesyncd.service; do
    ln -sf /dev/null "$1/etc/systemd/system/$unit"
  done
}

# run_at_boot ROOT OUTPUT HOW: HOW the machine ends, exit or poweroff.
run_at_boot() {
  cat > "$1/etc/systemd/system/checks.service" << END
[Unit]
After=multi-user.target
SuccessAction=$3-force
FailureAction=$3-force
[Service]
Type=oneshot
StandardOutput=$2
StandardError=$2
ExecStart=/bin/sh /root/checks.sh
END
  mkdir -p "$1/etc/systemd/system/default.target.wants"
  ln -sf ../checks.service "$1/etc/systemd/system/default.target.wants/checks.service"
}

# show_results FILE: its checks; false if its last line, "done", is missing: not all was run.
show_results() {
  grep -aE '^(PASS|FAIL|SKIP) ' "$1" | tr -d '\r' || true
  if grep -aq '^FAIL ' "$1"; then failed=1; fi
  tr -d '\r' < "$1" | grep -aqx done
}

# needs_containers NAME: whether this machine lets us have them, in $root.
needs_containers() {
  why=$(systemd-nspawn -q --register=no --keep-unit --private-network -D "$root" --pipe true 2>&1 < /dev/null) \
    || skip "$1" "systemd-nspawn cannot make containers here: $(echo "$why" | tail -n 1)"
}
# needs_namespaces NAME
needs_namespaces() {
  why=$(unshare --mount --pid --fork true 2>&1) || skip "$1" "namespaces cannot be made here: $why"
}

# boot_debian NAME CHECKS: boots $root in a container, for the checks in that file.
boot_debian() {
  rm -f "$root/root/result"
  cp "$boot/$2" "$root/root/checks.sh"
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout -k 5 "${PM_TEST_SECONDS:-400}" systemd-nspawn -q --register=no --keep-unit -b \
    --private-network --tmpfs=/var/cache/apt -D "$root" < /dev/null > "$work/console" 2>&1 || true
  touch "$root/root/result"
  show_results "$root/root/result" || {
    fail "$1: $2 was not run to its end"
    tail -n 20 "$root/root/result" "$work/console"
  }
  [ -z "${PM_TEST_CONSOLE:-}" ] || cat "$root/root/result" >> "$PM_TEST_CONSOLE"
}
