# Sourced by what runs inside a machine under test. The host reads the lines PASS, FAIL and SKIP, and the last one, "done".

# A command that takes longer than this never ends.
patience=${patience:-30}

pass() { echo "PASS $*"; }
fail() {
  echo "FAIL $*"
  return 1
}
# must CHECK...: without it the rest would only fail as well, and slowly.
must() {
  "$@" || exit 1
}
# check WHAT EXPECTED ACTUAL
check() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1: expected '$2', not '$3'"; fi; }
# check_that WHAT COMMAND...
check_that() {
  what=$1
  shift
  if output=$("$@" 2>&1); then pass "$what"; else fail "$what: '$*' ends with $? and says: $(echo "$output" | tail -n 3 | paste -sd ' ')"; fi
}
# check_has WHAT TEXT ACTUAL: TEXT is a pattern of case.
check_has() {
  # shellcheck disable=SC2254  # a pattern
  case $3 in
    *$2*) pass "$1" ;;
    *) fail "$1: '$2' is not in '$3'" ;;
  esac
}
# until_true COMMAND...: asks again until it is so; fails when patience is over.
until_true() {
  end=$(($(cut -d . -f 1 /proc/uptime) + patience))
  until "$@" > /dev/null 2>&1; do
    [ "$(cut -d . -f 1 /proc/uptime)" -lt "$end" ] || return 1
    sleep 0.1
  done
}
# check_until WHAT COMMAND...
check_until() {
  what=$1
  shift
  if until_true "$@"; then pass "$what"; else fail "$what: not within $patience s: $*"; fi
}
# say_command COMMAND...: shows what a user would see; for people.
show_command() {
  echo "| \$ $*"
  "$@" 2>&1 | sed 's/^/| /'
}

property() { systemctl show -P "$1" "${2:-pmd.service}"; }
# pids [SELECTOR...]: of programs, in order.
pids() { pmctl status -o json "$@" | tr -d ' \n' | tr , '\n' | sed -n 's/.*"pid":\([0-9][0-9]*\).*/\1/p' | sort -n | paste -sd ' '; }
state() { pmctl status -o json "$1" | tr -d ' \n' | sed -n 's/.*"state":"\([A-Z]*\)".*/\1/p'; }
is_state() { [ "$(state "$1")" = "$2" ]; }
is_gone() { ! kill -0 "$1"; }
# restarted_from PID: another pmd than PID is active and answers.
restarted_from() {
  [ "$(property MainPID)" != "$1" ] && [ "$(property MainPID)" != 0 ] && [ "$(property ActiveState)" = active ] && pmctl ping
}
group_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }
