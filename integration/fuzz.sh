#!/bin/bash
# Installs what is missing, builds the fuzz targets and runs them, each until a bound is reached; fails on a finding.
#   integration/fuzz.sh [--seconds N] [--runs N] [--seed N] [--jobs N] [--keep DIR] [target...]
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
case ${1-} in
  -h|--help) exec /usr/bin/python3 "$here/fuzz.py" --help ;;
esac
exec "$here/setup.sh" --preset fuzz -- /usr/bin/python3 "$here/fuzz.py" "$@"
