#!/bin/bash
# Installs what the build and the tests need (Debian 12 and 13, as root) and builds. Does nothing that is done already.
#   integration/setup.sh [--preset release|dev|asan|tsan|fuzz] [--targets "NAME..."] [--with-clang] [-- COMMAND...]
# --with-clang installs what the preset fuzz needs, whichever is built. COMMAND is executed in the place of this script
# once everything is there, with BUILD_DIR in its environment.
set -uo pipefail
export LC_ALL=C.UTF-8

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
preset=release
targets=(all)
with_clang=
while [ $# -gt 0 ]; do
  case $1 in
    --preset) preset=${2:?--preset needs a name}; shift 2 ;;
    --preset=*) preset=${1#*=}; shift ;;
    --with-clang) with_clang=yes; shift ;;
    --targets) read -r -a targets <<<"${2:?--targets needs names}"; shift 2 ;;
    -h|--help) sed -n '2,5s/^# *//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --) shift; break ;;
    *) echo "setup: unknown argument $1 (known: --preset NAME, --targets NAMES, --with-clang)" >&2; exit 2 ;;
  esac
done

say() { printf 'setup: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

job=
log=
policy=
clean_up() {
  if [ -n "$job" ]; then kill -TERM -- "-$job" 2>/dev/null; wait "$job" 2>/dev/null; fi
  if [ -n "$policy" ]; then rm -f "$policy"; fi
  if [ -n "$log" ]; then rm -f "$log"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# long WHAT COMMAND...: runs it with its output in a log, tells every 15 seconds how far it is, shows the end of the log
# when it fails. In a process group of its own, so that an interruption reaches all of it.
long() {
  local what=$1 start=$SECONDS told=$SECONDS status
  shift
  log=${log:-$(mktemp "${TMPDIR:-/tmp}/setup.XXXXXX")} || die "no temporary file in ${TMPDIR:-/tmp}"
  say "$what ..."
  set -m
  "$@" >"$log" 2>&1 </dev/null 8>&- 9>&- &  # a daemon must not keep our locks
  job=$!
  set +m
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - told)) -ge 15 ]; then
      told=$SECONDS
      say "$what: $((SECONDS - start)) s, $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
    fi
  done
  wait "$job"; status=$?
  job=
  if [ $status -ne 0 ]; then
    tail -n 60 "$log" >&2
    die "$what failed (exit status $status)"
  fi
}

packages=(g++ cmake ninja-build ccache libfmt-dev libspdlog-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
  prometheus-cpp-dev libgtest-dev libgmock-dev libzookeeper-mt-dev zookeeper haproxy curl python3 python3-kazoo
  python3-pytest python3-pytest-xdist python3-grpcio libcurl4-openssl-dev tinyproxy-bin openssl libpq-dev libmariadb-dev
  librabbitmq-dev libkainjow-mustache-dev postgresql mariadb-server redis-server rabbitmq-server iproute2
  binutils systemd python3-seccomp python3-yaml)

# Only libFuzzer needs clang, which is larger than all the rest. What is built is then the fuzz targets.
if [ "$preset" = fuzz ]; then
  with_clang=yes
  targets=(fuzz)
fi
if [ -n "$with_clang" ]; then packages+=(clang libclang-rt-dev); fi

installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | sort -u)" = installed ]
}
offered() {
  [[ $(LC_ALL=C apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[0-9]* ]]
}
# Boost 1.81 is the oldest that will do; Debian 12 has 1.74 as its default and 1.81 beside it, Debian 13 has 1.83.
boost_package() {
  local package
  for package in libboost1.81-dev libboost1.83-dev; do
    if installed "$package"; then echo "$package"; return; fi
  done
  for package in libboost1.83-dev libboost1.81-dev; do
    if offered "$package"; then echo "$package"; return; fi
  done
  echo libboost-dev
}
missing_packages() {
  local package
  for package in "${packages[@]}" "$(boost_package)"; do
    installed "$package" || printf '%s ' "$package"
  done
}

install_packages() {
  local apt=(apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  exec 8>/run/lock/nerve-synapse-setup || die "cannot write /run/lock"
  flock -n 8 || { say "waiting for another setup"; flock 8; }
  [ -n "$(missing_packages)" ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  # The tests start the servers that they need; the packages' own services stay off.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  fi
  long "updating the package lists" "${apt[@]}" update
  # Asked again: only now is it known which Boost there is.
  local wanted
  read -r -a wanted <<<"$(missing_packages)"
  long "installing ${wanted[*]}" "${apt[@]}" install -y --no-install-recommends "${wanted[@]}"
  if [ -n "$policy" ]; then rm -f "$policy"; policy=; fi
  exec 8>&-
}

command -v dpkg-query >/dev/null || die "this is not Debian; see README.md for what has to be installed"
missing=$(missing_packages)
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] || die "packages are missing. As root: apt-get install --no-install-recommends $missing"
  install_packages
fi

# One build at a time in a directory. A compiler process of this tree takes up to 1.5 GB.
build=$root/build/$preset
mkdir -p "$build" || die "cannot make $build"
exec 9>"$build/.setup-lock"
flock -n 9 || { say "waiting for another build in $build"; flock 9; }
jobs=$(nproc)
by_memory=$(awk '/^MemAvailable:/ {print int($2 / 1500000)}' /proc/meminfo)
[ "$jobs" -le "${by_memory:-1}" ] || jobs=$((by_memory > 1 ? by_memory : 1))
cd "$root" || exit 1
long "configuring build/$preset" cmake --preset "$preset"
long "building build/$preset ($jobs at a time)" ninja -C "$build" -j "$jobs" "${targets[@]}"
exec 9>&-
say "ready: build/$preset"
if [ $# -gt 0 ]; then
  clean_up
  BUILD_DIR=$build exec "$@"
fi
