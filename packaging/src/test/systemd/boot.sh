#!/bin/sh
# Boots a Debian with systemd in a container: boot.sh ROOT TREE JDK SECONDS. ROOT is a folder with such a
# system in it; TREE, the shipped one, becomes its /usr/lib/pm. Runs what ROOT/root/checks.sh says there,
# and prints what it printed.
set -eu
root=$1 tree=$2 jdk=$3 seconds=$4

here=$(cd "$(dirname "$0")" && pwd)
units=$(cd "$here/../../../systemd" && pwd)
mkdir -p "$root/usr/lib/pm" "$root$jdk" "$root/etc/pm/programs.d"
cp -a "$tree/." "$root/usr/lib/pm"
ln -sf ../lib/pm/bin/pmd "$root/usr/sbin/pmd"
ln -sf ../lib/pm/bin/pmctl "$root/usr/bin/pmctl"
cp "$units"/*.service "$root/etc/systemd/system"
cp "$here/checks.sh" "$root/root/checks.sh"
cp "$here/programs.yaml" "$root/etc/pm/programs.d"
rm -f "$root/root/result"
cat > "$root/etc/systemd/system/checks.service" << 'END'
[Unit]
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
StandardOutput=file:/root/result
StandardError=file:/root/result
ExecStart=/bin/sh /root/checks.sh
END
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/etc/systemd/system/default.target.wants"
ln -sf ../pmd.service "$root/etc/systemd/system/multi-user.target.wants/pmd.service"
ln -sf ../checks.service "$root/etc/systemd/system/default.target.wants/checks.service"
for unit in console-getty.service getty.target systemd-logind.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# systemd-nspawn leaves control groups of its own beside the one it was started in.
group=pm-test.$$
for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -w "$hierarchy/cgroup.procs" ] && mkdir "$hierarchy/$group" 2> /dev/null; then
    echo $$ > "$hierarchy/$group/cgroup.procs" || rmdir "$hierarchy/$group"
  fi
done
tidy() {
  for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -d "$hierarchy/$group" ]; then
      echo $$ > "$hierarchy/cgroup.procs" || true
      find "$hierarchy/$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
    fi
  done
}
trap tidy EXIT

SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout -k 5 "$seconds" systemd-nspawn -q --register=no --keep-unit -b --private-network \
  -D "$root" --bind-ro="$jdk" < /dev/null > "$root.console" 2>&1 || true
cat "$root/root/result"
