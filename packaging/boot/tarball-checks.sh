# Runs as an ordinary user, in whose home folder the tarball is.
set -u
cd "$HOME" || exit 1
. ./inside.sh

pmd=
ended() {
  [ -z "$pmd" ] || kill -TERM "$pmd" 2> /dev/null
}
trap ended EXIT
umask 022
must check_that unpack tar -xf pm.tar
tree=$(ls -d pm-*/)
tree=${tree%/}
ln -s "$tree" pm
check_has how-to-install "$tree" "$(cat pm/INSTALL)"
PATH=$HOME/pm/bin:$PATH
export PM_HOME=$HOME/pmd
check_that pmd-version pmd --version
mkdir -p pmd/config/programs.d
cat > pmd/config/programs.d/test.yaml << 'END'
programs:
  web:
    command: [sleep, "100001"]
    instances: 2
    readiness: {uptime: 0s}
END
pm/bin/pmd --home "$PM_HOME" > pmd.log 2>&1 &
pmd=$!
up() { [ "$(pmctl status | grep -c IDLE)" = 2 ]; }
must check_until programs-run up
check_has own-runtime "/$tree/runtime/bin/java" "$(readlink "/proc/$pmd/exe")"
check_that completion pmctl completion bash
check_has manual pmctl.1 "$(ls pm/share/man/man1)"

# The next version is laid beside, and the link leads there.
before=$(pids)
cp -a "$tree" "$tree.next"
ln -sfn "$tree.next" pm
check_that upgrade pmctl daemon upgrade
check upgrade-kept-programs "$before" "$(pids)"
check_has upgrade-new-version-runs "/$tree.next/runtime/bin/java" "$(readlink "/proc/$pmd/exe")"
rm -rf "$tree"
check_until answers pmctl ping

kill -KILL "$pmd"
wait "$pmd" 2> /dev/null
pm/bin/pmd --home "$PM_HOME" >> pmd.log 2>&1 &
pmd=$!
check_until programs-kept-after-kill up
check the-same-after-kill "$before" "$(pids)"

check_that shutdown pmctl daemon shutdown
wait "$pmd"
check exit-code 0 $?
pmd=
left=""
for pid in $before; do
  if kill -0 "$pid" 2> /dev/null; then left="$left $pid"; fi
done
check nothing-left "" "$left"
echo done
