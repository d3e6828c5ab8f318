# Runs inside, as root: each check prints "ok NAME" or "not ok NAME: WHY".
set -u

ok() { echo "ok $*"; }
no() { echo "not ok $*"; }
check() { # check NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then ok "$1"; else no "$1: expected '$2', not '$3'"; fi
}
# until NAME COMMAND...: it comes true within 20 seconds
until_true() {
  name=$1
  shift
  tries=400
  while ! "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    if [ $tries = 0 ]; then
      no "$name: not within 20 seconds: $*"
      return 1
    fi
    sleep 0.05
  done
  ok "$name"
}
show() { systemctl show -P "$1" "${2:-pmd.service}"; }
pids() { pmctl status -o json | tr , '\n' | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | sort | paste -sd ' '; }
all_up() { [ "$(pmctl status | grep -c IDLE)" = 5 ]; }
has_status() { [ "$(show StatusText)" = "$1" ]; }

until_true active systemctl is-active pmd.service
check enabled-type notify "$(show Type)"
until_true all-up all_up
until_true status-text has_status "3 programs: 3 up"
check kill-mode process "$(show KillMode)"
check oom-policy continue "$(show OOMPolicy)"
check delegate yes "$(show Delegate pm-programs.service)"

# Where the programs live.
before=$(pids)
web=$(echo "$before" | cut -d ' ' -f 1)
for pid in $before; do
  group=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
  case $group in
    /system.slice/pm-programs.service/*) ok "group-of-$pid" ;;
    *) no "group-of-a-program: $group" ;;
  esac
done
case $(sed -n 's/^0:://p' "/proc/$(show MainPID)/cgroup") in
  /system.slice/pmd.service*) ok own-group ;;
  *) no "own-group: $(cat "/proc/$(show MainPID)/cgroup")" ;;
esac

# kill -9 of pmd: systemd starts it again, and it takes over all of them.
restarted() { [ "$(show NRestarts)" = "$1" ] && [ "$(show ActiveState)" = active ]; }
main=$(show MainPID)
kill -KILL "$main"
until_true restarted-after-kill restarted 1
until_true answers pmctl ping
check programs-kept "$before" "$(pids)"
until_true status-after-kill has_status "3 programs: 3 up"
check exit-of-status 0 "$(pmctl status > /dev/null; echo $?)"

# The same ten times in a row.
count=1
while [ $count -lt 11 ]; do
  count=$((count + 1))
  kill -KILL "$(show MainPID)"
  tries=400
  until restarted $count && pmctl ping > /dev/null 2>&1 || [ $tries = 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
  done
done
check programs-kept-after-eleven "$before" "$(pids)"
check no-line-lost-or-doubled "" "$(awk '{ if ($2 != NR) { print "line " NR " is " $0; exit } }' /var/log/pm/talker@1.log)"

# Frozen: the watchdog ends it and the next one takes over.
grep -q WatchdogSec=30s /etc/systemd/system/pmd.service && ok watchdog-set
mkdir -p /run/systemd/system/pmd.service.d
printf '[Service]\nWatchdogSec=2s\n' > /run/systemd/system/pmd.service.d/test.conf
systemctl daemon-reload
kill -KILL "$(show MainPID)"
until_true restarted-with-short-watchdog restarted 12
until_true answers-again pmctl ping
sleep 5
check watchdog-fed 12 "$(show NRestarts)"
kill -STOP "$(show MainPID)"
until_true watchdog-restarts restarted 13
until_true answers-after-watchdog pmctl ping
check programs-kept-after-watchdog "$before" "$(pids)"

# Reload.
sed -i 's/instances: 3/instances: 4/' /etc/pm/programs.d/programs.yaml
systemctl reload pmd.service
has_six() { [ "$(pmctl status | grep -c IDLE)" = 6 ]; }
until_true reload-applies has_six

# The installed version takes over from itself.
main=$(show MainPID)
before=$(pids)
pmctl daemon upgrade
check upgrade-exit 0 $?
check upgrade-same-pid "$main" "$(show MainPID)"
check upgrade-programs-kept "$before" "$(pids)"
check upgrade-no-restart 13 "$(show NRestarts)"
until_true upgrade-still-active systemctl is-active pmd.service
sleep 3
check upgrade-watchdog-fed 13 "$(show NRestarts)"

# What pmd says is in the journal with its priority.
if journalctl -u pmd.service -o json --no-pager | grep -q '"PRIORITY":"4"'; then ok journal-priority; else no journal-priority; fi
if journalctl -u pmd.service -o cat --no-pager | grep -q '^<[0-9]>'; then no journal-prefix; else ok journal-prefix; fi

# A stop leaves nothing, what fled its session included; the control group of the programs stays. A program
# that takes longer than systemd's own patience gets the time that its stop.timeout gives it.
printf '[Service]\nWatchdogSec=30s\nTimeoutStopSec=2s\n' > /run/systemd/system/pmd.service.d/test.conf
systemctl daemon-reload
pmctl run --name slow -- sh -c 'trap "sleep 4; echo ended > /run/slow; exit 0" TERM; while :; do sleep 0.1; done'
systemctl stop pmd.service
check stop-result success "$(show Result)"
check slow-stop-is-waited-for ended "$(cat /run/slow)"
left=""
for pid in $before; do
  [ ! -d "/proc/$pid" ] || left="$left $pid"
done
check stop-leaves-no-program "" "$left"
check stop-leaves-no-stray "" "$(pgrep -f 'sleep 10000[123]' | paste -sd ' ')"
check programs-unit-active active "$(show ActiveState pm-programs.service)"
systemctl start pmd.service
check start-after-stop active "$(show ActiveState)"
until_true all-up-again has_six

# Wrong settings of its own: systemd does not try for ever.
systemctl stop pmd.service
echo 'nonsense: true' > /etc/pm/pmd.yaml
systemctl start pmd.service 2> /dev/null
check wrong-settings-fail failed "$(show ActiveState)"
check wrong-settings-exit 78 "$(show ExecMainStatus)"
rm /etc/pm/pmd.yaml
systemctl start pmd.service
check right-again active "$(show ActiveState)"
echo done
