# Runs inside the machine, as root.
set -u
patience=120
. /root/inside.sh

echo "| $(uname -sr), $(systemctl --version | head -n 1), controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
mkdir -p /etc/pm/programs.d
cat > /etc/pm/programs.d/limits.yaml << 'END'
programs:
  calm:
    command: [sleep, "100001"]
    readiness: {uptime: 0s}
    limits: {memory: 64MiB, cpu: 50, tasks: 20}
  greedy:
    # Its helper is killed with it, for half a program is worse than none.
    command: sleep 100002 & exec perl -e 'my $x = "x" x 200000000; sleep 1000'
    shell: true
    autostart: false
    readiness: {uptime: 0s}
    limits: {memory: 40MiB}
    restart: never
  again:
    command: [perl, -e, 'my $x = "x" x 200000000; sleep 1000']
    autostart: false
    readiness: {uptime: 0s}
    limits: {memory: 40MiB}
    restart: {max_restarts: 1, delay: 100ms}
  told:
    command: [perl, -e, '$| = 1; my $x = "x" x 100000000; print "has it\n"; sleep 1000']
    autostart: false
    readiness: {log_line: has it}
    limits: {memory: 40MiB, on_memory: report}
  forks:
    command: [perl, -e, '$| = 1; for (1..20) { my $p = fork; if (!defined $p) { print "number $_ is refused\n"; last } exec "sleep", "100003" if !$p } sleep 1000']
    autostart: false
    readiness: {log_line: refused}
    limits: {tasks: 5}
  hot:
    command: "while :; do :; done"
    shell: true
    autostart: false
    readiness: {uptime: 0s}
    limits: {cpu: 20}
  stray:
    # Leaves its session, its parent, its environment and its descriptors.
    command: [perl, -e, 'use POSIX; if (!fork) { setsid; if (!fork) { POSIX::close($_) for 0..9; %ENV = (); exec "sleep", "100004" } exit } exec "sleep", "100005"']
    autostart: false
    readiness: {uptime: 0s}
  later:
    command: [perl, -e, 'select undef, undef, undef, 0.1 until -e "/run/eat"; my $x = "x" x 200000000; sleep 1000']
    autostart: false
    readiness: {uptime: 0s}
    limits: {memory: 40MiB}
    restart: never
  eaters:
    type: worker
    command: >-
      while read -r line; do
      id=$${line#*'"id":"'};
      case $line in *eat*) perl -e 'my $x = "x" x 200000000' ;; esac;
      printf '{"jsonrpc":"2.0","id":"%s","result":true}\n' "$${id%%'"'*}";
      done
    shell: true
    readiness: {uptime: 0s}
    limits: {memory: 40MiB}
    restart: {delay: 100ms}
    pool: {min: 1, max: 1}
END
must check_that install dpkg -i /root/pmd.deb
must check_until active systemctl is-active pmd.service
must check_until calm-is-up is_state calm IDLE

# What is delegated to pmd.
programs=/sys/fs/cgroup/system.slice/pm-programs.service
check delegate yes "$(property Delegate pm-programs.service)"
for controller in cpu memory pids; do
  check_has "delegated-$controller" " $controller " " $(cat $programs/cgroup.controllers) "
  check_has "enabled-$controller" " $controller " " $(cat $programs/cgroup.subtree_control) "
done
check no-process-beside-programs "" "$(cat $programs/cgroup.procs)"
check_has pmd-outside /system.slice/pmd.service "$(group_of "$(property MainPID)")"

calm=$(pids calm)
group=$(group_of "$calm")
check_has group-of-calm "$programs/calm@1." "$group"
limits_of_calm() { echo "$(cat "$group/memory.max") $(cat "$group/memory.oom.group") $(cat "$group/cpu.max") $(cat "$group/pids.max")"; }
all="67108864 1 50000 100000 20"
check limits-of-calm "$all" "$(limits_of_calm)"
check_has calm-held-by '"held_by":"cgroup"' "$(pmctl describe calm -o json | tr -d ' \n')"
show_command pmctl describe calm

# Memory: the kernel kills the whole group, and pmd says why it ended.
pmctl start greedy
is_failed() { [ "$(state "$1")" = DEAD ] && pmctl status "$1" | grep -q failed; }
check_until greedy-is-killed is_failed greedy
check greedy-helper-is-gone "" "$(pgrep -f 'sleep 10000[2]')"
check_has greedy-why memory "$(pmctl why greedy)"
check_has greedy-status "out of memory" "$(pmctl status greedy)"
check_has greedy-events "out of memory" "$(pmctl events -n 50 | grep greedy@1)"
show_command pmctl why greedy
show_command pmctl status greedy
no_group() { [ -z "$(find "$programs" -maxdepth 1 -name "$1@1.*")" ]; }
check_until greedy-group-removed no_group greedy
pmctl start again
check_until again-has-failed is_failed again
check_has again-was-restarted "restart" "$(pmctl why again)"
show_command pmctl why again

# Memory that is only to be reported is not held.
pmctl start told
check told-is-up IDLE "$(state told)"
check told-is-not-held max "$(cat "$(group_of "$(pids told)")/memory.max")"
told_event() { pmctl events -n 100 | grep told@1 | grep -qi memory; }
check_until told-is-reported told_event
show_command pmctl why told

# Processes.
pmctl start forks
check forks-is-up IDLE "$(state forks)"
group=$(group_of "$(pids forks)")
check forks-max 5 "$(cat "$group/pids.max")"
check forks-current 5 "$(cat "$group/pids.current")"
check_has forks-refused "number 5 is refused" "$(pmctl logs forks)"
check_has forks-counted "max" "$(cat "$group/pids.events")"
show_command pmctl describe forks

# Processors.
pmctl start hot
group=$(group_of "$(pids hot)")
check hot-max "20000 100000" "$(cat "$group/cpu.max")"
throttled() { [ "$(sed -n 's/^nr_throttled //p' "$group/cpu.stat")" -ge 10 ]; }
check_until hot-is-throttled throttled
used=$(sed -n 's/^usage_usec //p' "$group/cpu.stat")
from=$(sed 's/[. ].*//' /proc/uptime)
five_later() { [ "$(sed 's/[. ].*//' /proc/uptime)" -ge $((from + 5)) ]; }
until_true five_later
used=$(($(sed -n 's/^usage_usec //p' "$group/cpu.stat") - used))
passed=$(($(sed 's/[. ].*//' /proc/uptime) - from))
if [ $((used / passed)) -le 260000 ]; then pass "hot-uses-a-fifth ($((used / passed / 10000)) %)"; else fail "hot-uses-a-fifth: $used us in $passed s"; fi
show_command pmctl top --interval 2s
pmctl stop hot

# A stop reaches what hides.
pmctl start stray
hidden() { pgrep -f 'sleep 10000[4]'; }
check_until stray-hides hidden
check_that stray-stops pmctl stop stray
check stray-is-gone "" "$(hidden)"
check_until stray-group-removed no_group stray

# Tasks of a worker that eats: the worker is replaced, the task ends with the reason.
check_until eaters-are-up is_state eaters IDLE
check_that a-task-ends pmctl submit eaters '"calm"' --wait=60s
pmctl submit eaters '"eat"' --id big --wait=90s > /root/big 2>&1
check_has big-task-failed memory "$(pmctl task show big)"
show_command pmctl task show big

# A crash of pmd changes none of it.
group=$(group_of "$calm")
check_that later-starts pmctl start later
later=$(pids later)
before=$(pids calm forks told later)
main=$(property MainPID)
kill -KILL "$main"
must check_until restarted restarted_from "$main"
check programs-kept "$before" "$(pids calm forks told later)"
check limits-kept "$all" "$(limits_of_calm)"
check_has calm-still-held-by '"held_by":"cgroup"' "$(pmctl describe calm -o json | tr -d ' \n')"
check_until back-to-status pmctl status calm
systemctl daemon-reload
check limits-kept-by-systemd "$all" "$(limits_of_calm)"

# What the kernel kills while no pmd is there.
mkdir -p /run/systemd/system/pmd.service.d
printf '[Service]\nRestartSec=1h\n' > /run/systemd/system/pmd.service.d/test.conf
systemctl daemon-reload
later=$(pids later)
main=$(property MainPID)
kill -KILL "$main"
touch /run/eat
check_until later-is-killed is_gone "$later"
rm /run/systemd/system/pmd.service.d/test.conf
systemctl daemon-reload
systemctl start pmd.service
check_until later-is-dead is_state later DEAD
check_has later-why memory "$(pmctl why later)"
show_command pmctl why later

# An upgrade changes none of it.
before=$(pids calm forks told)
main=$(property MainPID)
check_that upgrade pmctl daemon upgrade
check upgrade-same-main "$main" "$(property MainPID)"
check upgrade-programs-kept "$before" "$(pids calm forks told)"
check upgrade-limits-kept "$all" "$(limits_of_calm)"

# Changed limits come with a restart; a stop of everything leaves no group but pmd's own.
sed -i 's/memory: 64MiB, cpu: 50, tasks: 20/memory: 32MiB, cpu: 150/' /etc/pm/programs.d/limits.yaml
check_that apply pmctl apply
check_until calm-is-new is_state calm IDLE
calm=$(pids calm)
group=$(group_of "$calm")
check changed-limits "33554432 1 150000 100000 max" "$(limits_of_calm)"
check_that stop systemctl stop pmd.service
no_groups() { [ "$(find "$programs" -mindepth 1 -maxdepth 1 -type d -not -name pm-rest | wc -l)" = 0 ]; }
check_until no-groups-left no_groups
check nothing-left "" "$(pgrep -f 'sleep 10000' | paste -sd ' ')"
check_that start-again systemctl start pmd.service
check_until calm-is-up-again is_state calm IDLE
check_has held-again "$programs/calm@1." "$(group_of "$(pids calm)")"
journalctl -u pmd.service -o short-monotonic --no-pager | sed 's/^/| /'
echo done
