#!/bin/bash
# Builds, then runs the unit tests and the integration tests; --sanitizers: and then some of both with sanitizers, and each
# fuzz target for some seconds. The last line is "N passed, N failed" over all.
#   integration/test.sh [--preset release|dev|asan|tsan] [--sanitizers] [arguments for pytest, such as -k NAME]
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
preset=release
case ${1-} in
  --preset) preset=${2:?--preset needs a name}; shift 2 ;;
  --preset=*) preset=${1#*=}; shift ;;
  -h|--help) sed -n '2,4s/^# *//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
setup=("$here/setup.sh" --preset "$preset")
for argument; do
  # What has to be installed is, before anything runs.
  [ "$argument" != --sanitizers ] || setup+=(--with-clang)
done
exec "${setup[@]}" -- /usr/bin/python3 "$here/run_tests.py" "$@"
