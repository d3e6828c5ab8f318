# Runs inside the Debian when it is booted for the second time.
set -u
. /root/inside.sh
check_until after-boot-active systemctl is-active pmd.service
check_until after-boot-program-runs is_state web@1 IDLE
status_text() { [ "$(property StatusText)" = "$1" ]; }
check_until after-boot-status-text status_text "1 program: 1 up"
echo done
