# Runs inside the Debian, as root, once it is up. In /root/packages: pmd.rpm and a version before it.
set -u
. /root/inside.sh

rpm() {
  echo "| # rpm $*"
  command rpm "$@" > /root/rpm 2>&1 < /dev/null
  result=$?
  sed 's/^/| /' /root/rpm
  cat /root/rpm
  return $result
}
# What a version is called in its file's name.
new=$(command rpm -qp --qf '%{VERSION}' /root/packages/pmd.rpm)
old=$(command rpm -qp --qf '%{VERSION}' /root/packages/previous.rpm)
exe() { readlink "/proc/$(property MainPID)/exe"; }
all() { pids web talker jobs; }
strays() { pgrep -f 'sleep 10000[1-9]' | paste -sd ' '; }
versions() { find /usr/lib/pm -mindepth 1 -maxdepth 1 2> /dev/null | sed 's:.*/::' | sort | paste -sd ' '; }
up() { [ "$(pmctl status | grep -cE 'IDLE|BUSY')" = "$1" ]; }
status_text() { [ "$(property StatusText)" = "$1" ]; }

# The names of what it needs are those of Fedora and its relatives.
must check_that install rpm -i --nodeps /root/packages/previous.rpm
check verify "" "$(command rpm -V --nodeps pmd)"
check_has group pm "$(getent group pm)"
check enabled-by-preset enabled "$(systemctl is-enabled pmd.service)"
must check_that start systemctl start pmd.service
check_has own-runtime "/usr/lib/pm/$old/" "$(exe)"
mkdir -p /etc/pm/programs.d /var/tmp
cat > /etc/pm/programs.d/test.yaml << 'END'
programs:
  web:
    command: [sleep, "100001"]
    instances: 3
    user: nobody
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
must check_until programs-run up 6

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
must check_that upgrade rpm -U --nodeps /root/packages/pmd.rpm
check upgrade-kept-pmd "$main" "$(property MainPID)"
check upgrade-kept-programs "$before" "$(all)"
check upgrade-active active "$(systemctl is-active pmd.service)"
check upgrade-enabled enabled "$(systemctl is-enabled pmd.service)"
check_has upgrade-new-version-runs "/usr/lib/pm/$new/" "$(exe)"
check upgrade-removes-old-version "$new" "$(versions)"
check_has upgrade-keeps-changed-settings administrator "$(cat /etc/pm/pmd.yaml)"
check upgrade-verify "S.5....T.  c /etc/pm/pmd.yaml" "$(command rpm -V --nodeps pmd)"
check_until upgrade-status-text status_text "3 programs: 3 up"
touch /run/go
done_tasks() { [ "$(pmctl task list jobs --state succeeded -o json | grep -c '"id"')" = 5 ]; }
check_until tasks-are-done done_tasks
check tasks-are-done-once 5 "$(wc -l < /var/tmp/tasks)"
check output-is-whole "" "$(awk '{ if ($2 != NR) { print "line " NR " is " $0; exit } }' /var/log/pm/talker@1.log)"
kill -KILL "$main"
check_until restarted-after-kill restarted_from "$main"
check programs-kept-after-kill "$before" "$(all)"

check_that erase rpm -e pmd
check erase-leaves-nothing-running "" "$(strays)$(pgrep -f pm.daemon.Main)"
check erase-leaves-no-files "" "$(find /usr/lib/pm /usr/share/pm /usr/bin/pmctl /usr/sbin/pmd /usr/lib/systemd/system/pm* /usr/share/man/man*/pmd* /usr/share/man/man*/pmctl* 2> /dev/null | paste -sd ' ')"
check_has erase-saves-settings administrator "$(cat /etc/pm/pmd.yaml.rpmsave)"
check_has erase-keeps-state . "$(ls /var/lib/pm)"
check_has erase-keeps-output line "$(head -n 1 /var/log/pm/talker@1.log)"
echo done
