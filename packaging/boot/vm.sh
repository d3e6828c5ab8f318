# Sourced after common.sh: a Debian on a machine that is made by software alone, so that its kernel is our own: all
# controllers of its control groups are there, whatever this machine gives.

vm_tools='qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs busybox:busybox-static dpkg-deb:dpkg cpio:cpio'

# Debian's kernel for clouds, fetched once and kept: its files are in $kernel.
find_kernel() {
  package=$(apt-cache depends linux-image-cloud-amd64 2> /dev/null | sed -n 's/^ *Depends: \(linux-image-.*-cloud-amd64\)$/\1/p' | head -n 1)
  [ -n "$package" ] || return 1
  kernel=$cache/$package
  [ ! -f "$kernel/vmlinuz" ] || return 0
  making=$cache/making.$$
  mkdir -p "$making/deb" "$making/kernel"
  if ! (cd "$making/deb" && apt-get download -q "$package" && dpkg-deb -x "$package"_*.deb ../files) > "$making/log" 2>&1; then
    tail -n 3 "$making/log"
    rm -rf "$making"
    return 1
  fi
  cp "$making"/files/boot/vmlinuz-* "$making/kernel/vmlinuz"
  for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
    find "$making/files/lib/modules" -name "$module.ko" -exec cp {} "$making/kernel" \;
  done
  mv "$making/kernel" "$kernel"
  rm -rf "$making"
}

# boot_vm ROOT SECONDS CONSOLE: from the folder ROOT, which is gone then; its serial line is written to CONSOLE.
boot_vm() {
  ird=$work/ird
  mkdir -p "$ird/bin" "$ird/proc" "$ird/sys" "$ird/dev" "$ird/new"
  cp "$(command -v busybox)" "$ird/bin/busybox"
  cp "$kernel"/*.ko "$ird"
  cat > "$ird/init" << 'END'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
  [ ! -f /$module.ko ] || /bin/busybox insmod /$module.ko
done
tries=100
until /bin/busybox mount -t ext4 /dev/vda /new; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || exec /bin/busybox poweroff -f
  /bin/busybox sleep 0.1
done
exec /bin/busybox switch_root /new /sbin/init
END
  chmod 755 "$ird/init"
  (cd "$ird" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/ird.gz"
  # Made without being mounted.
  PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -d "$1" "$work/disk.img" "$(($(du -sm "$1" | cut -f 1) + 400))M" || return 1
  rm -rf "$1"
  timeout -k 5 "$2" qemu-system-x86_64 -accel tcg,thread=multi -cpu "${PM_TEST_CPU:-max}" -m 2048 -smp 4 \
    -nographic -nodefaults -serial stdio -no-reboot -kernel "$kernel/vmlinuz" -initrd "$work/ird.gz" \
    -drive file="$work/disk.img",format=raw,if=virtio,cache=unsafe \
    -append "console=ttyS0 quiet panic=-1 systemd.show_status=0 mitigations=off nokaslr" < /dev/null > "$3" 2>&1
}
