# Runs inside the Debian, as root, once it is up. In /root/packages: pmd.deb, a version before it, and one that is broken.
set -u
. /root/inside.sh
export DEBIAN_FRONTEND=noninteractive

say() { sed 's/^/| /' "$1"; }
# apt ARGUMENT...: its output is in /root/apt.
apt() {
  echo "| # apt-get $*"
  apt-get -y -q -o Dpkg::Use-Pty=0 -o APT::Get::AllowUnauthenticated=true "$@" > /root/apt 2>&1 < /dev/null
  result=$?
  say /root/apt
  return $result
}
deb() { dpkg-deb -f "/root/packages/$1.deb" Version | sed 's/-[^-]*$//'; }
new=$(deb pmd)
old=$(deb previous)
status_text() { [ "$(property StatusText)" = "$1" ]; }
exe() { readlink "/proc/$(property MainPID)/exe"; }
all() { pids web stray talker jobs; }
versions() { find /usr/lib/pm /usr/share/pm -mindepth 1 -maxdepth 1 -type d -name '[0-9]*' 2> /dev/null | sed 's:.*/::' | sort -u | paste -sd ' '; }
strays() { pgrep -f 'sleep 10000[1-9]' | paste -sd ' '; }

# Installation.
mkdir -p /etc/pm/programs.d /var/tmp
must check_that install apt install /root/packages/previous.deb
check enabled enabled "$(systemctl is-enabled pmd.service)"
check active active "$(systemctl is-active pmd.service)"
check type notify "$(property Type)"
check status-text-of-nothing "no programs" "$(property StatusText | sed 's/^0 programs.*/no programs/')"
must check_that answers pmctl ping
check_that version pmctl version
check no-java "" "$(command -v java)"
check_has own-runtime "/usr/lib/pm/$old/" "$(exe)"
check_has config-is-there pmd.yaml "$(ls /etc/pm)"
check run-folder "root 755" "$(stat -c '%U %a' /run/pm)"
check_has socket-is-of-group-pm "srw-rw---- root pm" "$(stat -c '%A %U %G' /run/pm/pmd.sock)"

# Programs.
cat > /etc/pm/programs.d/test.yaml << 'END'
programs:
  web:
    command: [sleep, "100001"]
    instances: 3
    user: nobody
    readiness: {uptime: 0s}
  stray:
    # Forks twice, and leaves its session, its parent, its environment and its descriptors.
    command: [perl, -e, 'use POSIX; if (!fork) { setsid; if (!fork) { POSIX::close($_) for 0..9; %ENV = (); exec "sleep", "100002" } exit } exec "sleep", "100003"']
    readiness: {uptime: 0s}
  talker:
    command: for i in $(seq 1 1000000); do echo line $i; sleep 0.02; done
    shell: true
    readiness: {uptime: 0s}
  jobs:
    type: worker
    command: [sh, /root/worker.sh]
    pool: {min: 2, max: 2}
END
check_that apply pmctl apply
up() { [ "$(pmctl status | grep -cE 'IDLE|BUSY')" = "$1" ]; }
must check_until programs-run up 7
check_until status-text status_text "4 programs: 4 up"
check_has status-shows-it "4 programs: 4 up" "$(systemctl status pmd.service)"
for pid in $(all); do
  case $(group_of "$pid") in
    /sys/fs/cgroup/system.slice/pm-programs.service/*) ;;
    *) fail "group-of-$pid: $(group_of "$pid")" ;;
  esac
done
check delegate yes "$(property Delegate pm-programs.service)"
check_has pmd-has-its-own-group /system.slice/pmd.service "$(group_of "$(property MainPID)")"

# Who may speak to it.
useradd -m -G pm alice
useradd -m bob
as() {
  user=$1
  shift
  setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" "$@"
}
check_that member-of-pm-may-ask as alice pmctl status
check_that member-of-pm-may-act as alice pmctl restart web@3
as alice pmctl daemon upgrade > /root/refused 2>&1 && fail "member-of-pm-may-not-upgrade" || pass "member-of-pm-may-not-upgrade"
as bob pmctl status > /root/refused 2>&1 && fail "others-are-refused" || pass "others-are-refused"
check_has others-are-told-why pm "$(cat /root/refused)"
say /root/refused

# A dead program comes back. One that has failed for good is in the journal with its priority.
web=$(pids web@1)
kill -KILL "$web"
is_new() { [ "$(state web@1)" = IDLE ] && [ "$(pids web@1)" != "$web" ]; }
check_until program-restarted is_new
cat > /etc/pm/programs.d/fails.yaml << 'END'
programs:
  fails: {command: [sh, -c, exit 3], restart: never, readiness: {uptime: 0s}}
END
check_that apply-what-fails pmctl apply
warned() { journalctl -u pmd.service -p warning -o cat --no-pager | grep fails@1; }
check_until journal-priority warned || show_command journalctl -u pmd.service -o json --output-fields=PRIORITY,MESSAGE --no-pager
rm /etc/pm/programs.d/fails.yaml
check_that apply-without-it pmctl apply
check_has journal-has-information '"PRIORITY":"6"' "$(journalctl -u pmd.service -o json --no-pager)"
check journal-without-prefixes "" "$(journalctl -u pmd.service -o cat --no-pager | grep '^<[0-9]>')"

# kill -9 of pmd: systemd starts it again, and it takes over all of them.
before=$(all)
main=$(property MainPID)
kill -KILL "$main"
must check_until restarted-after-kill restarted_from "$main"
check programs-kept-after-kill "$before" "$(all)"
check_until status-text-after-kill status_text "4 programs: 4 up"

# Frozen: the watchdog ends it, and the next one takes over.
check watchdog 30000000 "$(systemctl show -p WatchdogUSec --value pmd.service | sed 's/^30s$/30000000/')"
mkdir -p /run/systemd/system/pmd.service.d
printf '[Service]\nWatchdogSec=4s\n' > /run/systemd/system/pmd.service.d/test.conf
systemctl daemon-reload
main=$(property MainPID)
kill -KILL "$main"
check_until restarted-with-short-watchdog restarted_from "$main"
main=$(property MainPID)
fed=$(property WatchdogTimestampMonotonic)
is_fed() { [ "$(property WatchdogTimestampMonotonic)" != "$fed" ]; }
check_until watchdog-fed is_fed
kill -STOP "$main"
check_until watchdog-restarts restarted_from "$main"
check programs-kept-after-watchdog "$before" "$(all)"
rm /run/systemd/system/pmd.service.d/test.conf
systemctl daemon-reload
main=$(property MainPID)
kill -KILL "$main"
check_until restarted-as-before restarted_from "$main"

# Reload.
sed -i 's/instances: 3/instances: 4/' /etc/pm/programs.d/test.yaml
check_that reload systemctl reload pmd.service
check_until reload-applies up 8

# Upgrade, with an administrator's change, tasks in work and tasks that wait.
echo "# The administrator was here." >> /etc/pm/pmd.yaml
check_that apply-own-settings pmctl apply
rm -f /run/go /var/tmp/tasks
for task in 1 2 3 4 5; do
  pmctl submit jobs '"work"' --id "task-$task" > /root/submitted || fail "submit $task"
done
busy() { [ "$(pmctl status jobs | grep -c BUSY)" = 2 ]; }
check_until tasks-are-in-work busy
before=$(all)
main=$(property MainPID)
restarts=$(property NRestarts)
must check_that upgrade apt -o Dpkg::Options::=--force-confold install /root/packages/pmd.deb
check upgrade-kept-pmd "$main" "$(property MainPID)"
check upgrade-kept-programs "$before" "$(all)"
check upgrade-is-no-restart "$restarts" "$(property NRestarts)"
check upgrade-active active "$(systemctl is-active pmd.service)"
check upgrade-enabled enabled "$(systemctl is-enabled pmd.service)"
check_has upgrade-new-version-runs "/usr/lib/pm/$new/" "$(exe)"
check upgrade-removes-old-version "$new" "$(versions)"
check_until upgrade-status-text status_text "4 programs: 4 up"
check_has upgrade-keeps-changed-settings administrator "$(cat /etc/pm/pmd.yaml)"
check upgrade-needs-no-reload no "$(property NeedDaemonReload)"
check upgrade-tasks-still-in-work 2 "$(pmctl status jobs | grep -c BUSY)"
touch /run/go
done_tasks() { [ "$(pmctl task list jobs --state succeeded -o json | grep -c '"id"')" = 5 ]; }
check_until tasks-are-done done_tasks
check tasks-are-done-once 5 "$(wc -l < /var/tmp/tasks)"
check output-is-whole "" "$(awk '{ if ($2 != NR) { print "line " NR " is " $0; exit } }' /var/log/pm/talker@1.log)"

# Installed once more.
before=$(all)
main=$(property MainPID)
check_that reinstall apt --reinstall install /root/packages/pmd.deb
check reinstall-kept-pmd "$main" "$(property MainPID)"
check reinstall-kept-programs "$before" "$(all)"
check reinstall-active active "$(systemctl is-active pmd.service)"

# kill -9 of the version that was upgraded to.
kill -KILL "$main"
check_until restarted-after-upgrade restarted_from "$main"
check programs-kept-after-upgrade "$before" "$(all)"

# A version that cannot take over leaves the old one in charge.
main=$(property MainPID)
apt -o Dpkg::Options::=--force-confold install /root/packages/broken.deb
echo "| ends with $?"
check_that broken-upgrade-answers pmctl ping
check broken-upgrade-kept-pmd "$main" "$(property MainPID)"
check broken-upgrade-kept-programs "$before" "$(all)"
check broken-upgrade-active active "$(systemctl is-active pmd.service)"
check_has broken-upgrade-old-version-runs "/usr/lib/pm/$new" "$(exe)"
check_has broken-upgrade-is-said "upgrade" "$(cat /root/apt)"
check_that broken-upgrade-still-acts pmctl restart web@4
before=$(all)
check_that mended apt --allow-downgrades -o Dpkg::Options::=--force-confold install /root/packages/pmd.deb
check mended-kept-pmd "$main" "$(property MainPID)"
check mended-kept-programs "$before" "$(all)"
check mended-active active "$(systemctl is-active pmd.service)"
check mended-versions "$new" "$(versions)"

# A stop ends everything, what hides too; a start brings it back.
check_has something-hides 100002 "$(pgrep -fa 'sleep 10000[2]')"
check_that stop systemctl stop pmd.service
check stop-result success "$(property Result)"
check stop-leaves-nothing "" "$(strays)"
check stop-leaves-no-group "" "$(find /sys/fs/cgroup/system.slice/pm-programs.service -mindepth 1 -type d -not -name pm-rest | paste -sd ' ')"
must check_that start systemctl start pmd.service
check_until programs-run-again up 8

# Remove: stops; settings, state and output stay.
check_that remove apt remove pmd
check remove-leaves-no-program "" "$(strays)"
check remove-leaves-no-pmd "" "$(pgrep -f pm.daemon.Main)"
check remove-leaves-no-program-group "" "$(find /sys/fs/cgroup/system.slice -maxdepth 1 -name 'pm*' | paste -sd ' ')"
check remove-leaves-no-unit "" "$(find /lib/systemd /usr/lib/systemd -name 'pm*.service' | paste -sd ' ')"
check remove-leaves-no-files "" "$(find /usr/lib/pm /usr/share/pm /usr/bin/pmctl /usr/sbin/pmd 2> /dev/null | paste -sd ' ')"
check_has remove-keeps-settings administrator "$(cat /etc/pm/pmd.yaml)"
check_has remove-keeps-programs web "$(cat /etc/pm/programs.d/test.yaml)"
check_has remove-keeps-output line "$(head -n 1 /var/log/pm/talker@1.log)"
check_has remove-keeps-state . "$(ls /var/lib/pm)"

# Back with all of it.
must check_that install-after-remove apt install /root/packages/pmd.deb
check_until all-is-back up 8 || show_command pmctl status
check install-after-remove-enabled enabled "$(systemctl is-enabled pmd.service)"
check_has install-after-remove-settings administrator "$(cat /etc/pm/pmd.yaml)"

# Purge: nothing is left, and it says so. What the administrator put beside is not ours.
check_that purge apt purge pmd
check purge-leaves-nothing-running "" "$(strays)$(pgrep -f pm.daemon.Main)"
check purge-leaves-no-state "" "$(find /var/lib/pm /var/log/pm /run/pm /etc/pm/pmd.yaml /usr/lib/pm 2> /dev/null | paste -sd ' ')"
check_has purge-says-what-of-state /var/lib/pm "$(cat /root/apt)"
check_has purge-says-what-of-logs /var/log/pm "$(cat /root/apt)"
check_has purge-keeps-foreign-files web "$(cat /etc/pm/programs.d/test.yaml 2>&1)"
check purge-leaves-no-links "" "$(find /etc/systemd /var/lib/systemd -name 'pm*.service*' 2> /dev/null | paste -sd ' ')"

# And once more, from nothing.
must check_that install-after-purge apt install /root/packages/pmd.deb
check install-after-purge-active active "$(systemctl is-active pmd.service)"
check install-after-purge-enabled enabled "$(systemctl is-enabled pmd.service)"
check_until install-after-purge-runs pmctl ping
cat > /etc/pm/programs.d/test.yaml << 'END'
programs:
  web: {command: [sleep, "100001"], readiness: {uptime: 0s}}
END
check_that apply-after-purge pmctl apply
check_until runs-after-purge is_state web@1 IDLE
echo done
