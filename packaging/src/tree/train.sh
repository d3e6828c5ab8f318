#!/bin/sh
# Runs the programs of the tree $1 as they are mostly run, and leaves in the folder $2 the lists of the
# classes they loaded: *.pmd.classes and *.pmctl.classes. What is not in them is still found, but slower.
set -eux

tree=$1
work=$2
# Not below $tree: the name of a socket may not be long.
home=$work/home
umask 077

mkdir "$home"
cat > "$home/programs.yaml" << 'END'
programs:
  web:
    command: echo listening as ${PM_NAME}; while sleep 1; do echo "GET / 200"; done
    shell: true
    instances: 2
    readiness: {uptime: 10ms}
    restart: always
  once:
    command: [/bin/sh, -c, exit 0]
    type: oneshot
  flaky:
    command: [/bin/sh, -c, exit 1]
    restart: {delay: 50ms, max_restarts: 2}
  jobs:
    type: worker
    command: >-
      while read -r line; do
      id=$${line#*'"id":"'};
      printf '{"jsonrpc":"2.0","id":"%s","result":true}\n' "$${id%%'"'*}";
      done
    shell: true
    readiness: {uptime: 0s}
    pool: {min: 1, max: 2}
END

count=0
pmctl() {
  count=$((count + 1))
  PMCTL_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/$count.pmctl.classes" \
    "$tree/bin/pmctl" --socket "$home/run/pmd.sock" "$@" < /dev/null
}

PMD_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/check.pmd.classes" \
  "$tree/bin/pmd" --home "$home" --config "$home/programs.yaml" --check

# start NAME: a daemon that leaves $work/NAME.pmd.classes; waits until it answers.
start() {
  PMD_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/$1.pmd.classes" \
    "$tree/bin/pmd" --home "$home" --config "$home/programs.yaml" < /dev/null >> "$home/pmd.log" 2>&1 &
  pmd=$!
  trap 'kill -KILL $pmd 2> /dev/null || true; cat "$home/pmd.log"' EXIT
  tries=100
  until pmctl ping; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ]
    kill -0 "$pmd"
    sleep 0.1
  done
}

start run

# As where the native library is not to be had.
PMCTL_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/channel.pmctl.classes -Dpm.native=" \
  "$tree/bin/pmctl" --socket "$home/run/pmd.sock" ping

pmctl start web
pmctl status || [ $? = 3 ]
pmctl status -o json web
pmctl describe web@1
pmctl why flaky
pmctl restart web@1
pmctl signal USR1 nothing || [ $? = 4 ]
pmctl logs -n 5 web
pmctl events -n 20
pmctl is-active -q web
pmctl wait web --timeout 10s
# As the completion of a shell does.
PM_SOCKET=$home/run/pmd.sock PMCTL_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/complete.pmctl.classes" \
  "$tree/bin/pmctl" __complete start w
PM_SOCKET=$home/run/pmd.sock PMCTL_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/watch.pmctl.classes" \
  "$tree/bin/pmctl" status --watch -o jsonl &
watch=$!
pmctl stop web@2
pmctl reset flaky
pmctl submit jobs '{"file": "a.jpg"}' --wait=10s
pmctl submit jobs '1' --id mine
pmctl submit jobs '1
2' --batch --wait=10s
pmctl task list jobs
pmctl task show mine
pmctl pool show
pmctl pool show jobs
pmctl top --interval 500ms
pmctl metrics > "$work/metrics"
pmctl apply --dry-run
pmctl config check "$home/programs.yaml"
pmctl daemon status
pmctl version
pmctl status --help
pmctl stauts || [ $? = 2 ]
pmctl daemon shutdown

wait "$watch" || [ $? = 69 ]
wait "$pmd"

# What a daemon before it has kept is read by each but the first.
start again
pmctl daemon shutdown
wait "$pmd"
trap - EXIT
