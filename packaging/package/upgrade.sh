# Part of the maintainer scripts of deb and rpm: how a running pmd comes from one version to the next.
#
# A package manager removes the files of the version that runs before the scripts of the new one may run. So
# before it unpacks anything the running pmd goes over to a copy of its own version in $versions/VERSION.kept
# (hard links: it takes no space), by an upgrade from itself to itself. From there it goes over to the new
# version once that is complete. If that fails it goes on as it is, for its files are there. At every
# moment /usr/sbin/pmd leads to one whole version, for the case that pmd is killed.
versions=/usr/lib/pm
link=/usr/sbin/pmd

# The folder of the version that runs as the machine's pmd; none if none runs.
running_folder() {
  pid=$(timeout 20 pmctl daemon status -o json 2> /dev/null | sed -n 's/^ *"pid": *\([0-9]*\).*/\1/p' | head -n 1)
  [ -n "$pid" ] || return 1
  folder_of "/proc/$pid"
}

# folder_of /proc/PID: the folder of the version that this process runs from, if it does.
folder_of() {
  program=$(readlink "$1/exe" 2> /dev/null) || return 1
  program=${program% (deleted)}
  case $program in
    "$versions"/*/runtime/bin/java) echo "${program%/runtime/bin/java}" ;;
    *) return 1 ;;
  esac
}

# The folders that processes run from: besides the machine's pmd there may be users' own.
used_folders() {
  for process in /proc/[0-9]*; do
    folder_of "$process" || true
  done | sort -u
}

is_used() { used_folders | grep -qxF "$1"; }

# take_over: the running pmd becomes the version that the link leads to. What it says is in $said.
take_over() { said=$(env -u PM_HOME -u PM_SOCKET timeout 90 pmctl daemon upgrade 2>&1); }

# lead_to FOLDER: there is no moment without the link.
lead_to() {
  ln -sfn "../lib/pm/${1##*/}/bin/pmd" "$link.pm-new"
  mv -fT "$link.pm-new" "$link"
}

# Before anything is unpacked.
keep_running_version() {
  installed=$(readlink -f "$link") || return 0
  installed=${installed%/bin/pmd}
  case $installed in
    "$versions"/*.kept) installed=${installed%.kept} ;;
    "$versions"/*) ;;
    *) return 0 ;;
  esac
  is_used "$installed" || return 0
  kept=$installed.kept
  if ! is_used "$kept"; then
    rm -rf "$kept" "$kept.new"
    cp -al "$installed" "$kept.new" 2> /dev/null || {
      rm -rf "$kept.new"
      cp -a "$installed" "$kept.new"
    }
    mv "$kept.new" "$kept"
  fi
  [ "$(running_folder)" = "$installed" ] || return 0
  lead_to "$kept"
  take_over || echo "pmd: the running daemon could not go over to a copy of its own version: $said" >&2
  lead_to "$installed"
}

# When the new version is complete and the one before is gone.
finish_upgrade() {
  new=$(readlink -f "$link")
  new=${new%/bin/pmd}
  # Who still runs from the folder that is gone gets it back.
  for folder in $(used_folders); do
    [ -d "$folder" ] || [ ! -d "$folder.kept" ] || cp -al "$folder.kept" "$folder" || cp -a "$folder.kept" "$folder"
  done
  if folder=$(running_folder) && [ "$folder" != "$new" ] && ! take_over; then
    echo "pmd: the running daemon goes on as version $(basename "$folder" .kept), for it could not hand over to ${new##*/}: $(echo "$said" | tail -n 1) Try again with: pmctl daemon upgrade" >&2
    told=$folder
  fi
  remove_unused_versions "$new"
  # A pmd that does not answer, or of another user, whose package manager this is not.
  for process in /proc/[0-9]*; do
    if folder=$(folder_of "$process") && [ "$folder" != "$new" ] && [ "$folder" != "${told:-}" ] \
      && tr '\0' '\n' < "$process/cmdline" | grep -qxF pm.daemon.Main; then
      echo "pmd: process ${process#/proc/} of $(stat -c %U "$process") goes on as version $(basename "$folder" .kept), until it is told: pmctl daemon upgrade" >&2
    fi
  done
}

# remove_unused_versions [BUT]: what nothing runs from any more.
remove_unused_versions() {
  for folder in "$versions"/*; do
    [ -d "$folder" ] && [ "$folder" != "${1:-}" ] || continue
    is_used "$folder" || rm -rf "$folder"
  done
}
