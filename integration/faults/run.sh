#!/bin/bash
# Builds, then runs the whole fault suite, also what takes long, and prints what each case cost.
#   integration/faults/run.sh [--preset release|dev|asan|tsan] [arguments for pytest, such as -k NAME]
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
preset=release
case ${1-} in
  --preset) preset=${2:?--preset needs a name}; shift 2 ;;
  --preset=*) preset=${1#*=}; shift ;;
  -h|--help) sed -n '2,3s/^# *//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
exec "$here/../setup.sh" --preset "$preset" -- /usr/bin/python3 -m pytest -q -p no:cacheprovider "$here" "$@"
