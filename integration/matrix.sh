#!/bin/bash
# Proves that the two commands work on a fresh Debian: makes a minimal root of each release, puts the committed tree
# into it, and runs integration/demo.sh and integration/test.sh there. As root. The logs stay, everything else goes.
#   integration/matrix.sh [--worktree] [bookworm] [trixie]
# --worktree takes the files as they are instead of HEAD. MIRROR names another mirror than the one apt uses here.
set -uo pipefail
export LC_ALL=C.UTF-8

tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
worktree=
releases=()
for argument in "$@"; do
  case $argument in
    --worktree) worktree=yes ;;
    -h|--help) sed -n '2,5s/^# *//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    [a-z]*) releases+=("$argument") ;;
    *) echo "matrix: unknown argument $argument" >&2; exit 2 ;;
  esac
done
[ ${#releases[@]} -gt 0 ] || releases=(bookworm trixie)

say() { printf 'matrix: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root (debootstrap, chroot, mount)"
command -v debootstrap >/dev/null || die "needs debootstrap: apt-get install --no-install-recommends debootstrap"

# The mirror that this machine's apt uses for Debian itself.
# shellcheck disable=SC2016  # apt-get expands these
mirror=${MIRROR:-$(
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "Debian" && $3 !~ /-/ {sub("/$", "", $1); print $1; exit}'
)}
mirror=${mirror:-http://deb.debian.org/debian}
cache=${XDG_CACHE_HOME:-/var/cache}/nerve-synapse-matrix
work=$(mktemp -d "${TMPDIR:-/tmp}/matrix.XXXXXX") || exit 1
logs=$(mktemp -d "${TMPDIR:-/tmp}/matrix-logs.XXXXXX") || exit 1
mkdir -p "$cache" || exit 1

job=
# What runs inside a root is found by its root directory, and ended before anything is unmounted.
processes_in() {
  local link pid
  for link in /proc/[0-9]*/root; do
    case $(readlink "$link" 2>/dev/null) in
      "$1"|"$1"/*) pid=${link#/proc/}; echo "${pid%/root}" ;;
    esac
  done
}
end_processes_in() {
  local pids tries=0
  while pids=$(processes_in "$1") && [ -n "$pids" ] && [ $((tries++)) -lt 50 ]; do
    xargs kill -KILL <<<"$pids" 2>/dev/null
    sleep 0.1
  done
}
unmount_in() {
  awk -v root="$1/" 'index($2, root) == 1 {print $2}' /proc/self/mounts | sort -r | while read -r mounted; do
    umount "$mounted" || umount -l "$mounted"
  done
}
clean_up() {
  trap '' INT TERM HUP
  if [ -n "$job" ]; then kill -TERM -- "-$job" 2>/dev/null; wait "$job" 2>/dev/null; fi
  local root
  for root in "$work"/*/; do
    [ -d "$root" ] || continue
    end_processes_in "${root%/}"
    unmount_in "${root%/}"
  done
  # --one-file-system: should something still be mounted, it is not ours to delete.
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# run LOG COMMAND...: in a process group of its own, so that an interruption ends all of it; a line a minute.
run() {
  local log=$1 start=$SECONDS told=$SECONDS status
  shift
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  job=$!
  set +m
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.5
    if [ $((SECONDS - told)) -ge 60 ]; then
      told=$SECONDS
      say "  $((SECONDS - start)) s: $(tail -n 1 "$log" | cut -c 1-110)"
    fi
  done
  wait "$job"; status=$?
  job=
  say "  $((SECONDS - start)) s, exit status $status, log $log"
  return $status
}

# The minimal root, unpacked from the cache when it is there and not older than a week.
make_root() {
  local release=$1 root=$2 archive=$cache/$1.tar
  if [ -z "$(find "$archive" -mtime -7 2>/dev/null)" ]; then
    # A release that this debootstrap has not heard of is made as its script for unstable makes it.
    local script=/usr/share/debootstrap/scripts/$release
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    say "$release: debootstrap from $mirror"
    run "$logs/$release-debootstrap.log" \
      debootstrap --variant=minbase "$release" "$work/new" "$mirror" "$script" || return 1
    tar -C "$work/new" -cf "$archive.$$" . && mv "$archive.$$" "$archive" || return 1
    rm -rf --one-file-system "$work/new"
  fi
  mkdir -p "$root" && tar -C "$root" -xpf "$archive"
}

furnish() {
  local release=$1 root=$2
  # As this machine reaches its mirror, so does the root.
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/" || return 1
  apt-config dump | grep -E '^Acquire::(http|https|Check-[A-Za-z-]*|Retries)[: ]' >"$root/etc/apt/apt.conf.d/99host"
  # Nobody may start services in there: there is no init, and they would be this machine's.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d" || return 1
  mount -t proc proc "$root/proc" && mount -t sysfs -o ro sysfs "$root/sys" || return 1
  mount -t tmpfs -o mode=755 tmpfs "$root/dev" && mkdir "$root/dev/shm" "$root/dev/pts" || return 1
  mount -t tmpfs tmpfs "$root/dev/shm" && mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts" || return 1
  local device
  for device in null zero full random urandom tty; do
    cp -a "/dev/$device" "$root/dev/$device" || return 1
  done
  ln -s pts/ptmx "$root/dev/ptmx" && ln -s /proc/self/fd "$root/dev/fd" || return 1
  # What was compiled in an earlier run and did not change is not compiled again.
  mkdir -p "$cache/ccache-$release" "$root/root/.cache/ccache" "$root/root/tree" || return 1
  mount --bind "$cache/ccache-$release" "$root/root/.cache/ccache" || return 1
  if [ -n "$worktree" ]; then
    tar -C "$tree" --exclude=./build --exclude=./.git -cf - . | tar -C "$root/root/tree" -xf -
  else
    git -C "$tree" archive HEAD | tar -C "$root/root/tree" -xf -
  fi
}

inside() {
  local root=$1
  shift
  env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb chroot "$root" "$@"
}

try() {
  local release=$1 root=$work/$1
  if ! { make_root "$release" "$root" && furnish "$release" "$root"; }; then
    say "$release: no root could be made, logs in $logs"
    return 1
  fi
  local failed=0 script
  for script in demo test; do
    say "$release: integration/$script.sh"
    run "$logs/$release-$script.log" inside "$root" "/root/tree/integration/$script.sh" || failed=1
    say "  $(tail -n 1 "$logs/$release-$script.log")"
    if [ -n "$(processes_in "$root")" ]; then
      say "$release: integration/$script.sh left processes behind:"
      processes_in "$root" | xargs ps -o pid,args -p
      end_processes_in "$root"
      failed=1
    fi
  done
  # shellcheck disable=SC2016  # dpkg-query expands these
  say "$release: $(inside "$root" \
    dpkg-query -W -f '${Package} ${Version}\n' g++ 'libboost1.8?-dev' zookeeper haproxy 2>/dev/null | grep ' .' | paste -sd,)"
  end_processes_in "$root"
  unmount_in "$root"
  rm -rf --one-file-system "$root"
  return $failed
}

main() {
  local release passed=() failed=()
  for release in "${releases[@]}"; do
    if try "$release"; then passed+=("$release"); else failed+=("$release"); fi
  done
  say "passed: ${passed[*]:-none}; failed: ${failed[*]:-none}; logs in $logs"
  [ ${#failed[@]} -eq 0 ]
}
# One line: bash reads a script as it goes, and this one may be edited while it runs.
main; exit
