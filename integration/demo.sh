#!/bin/bash
# Builds, then shows on real parts what nerve and synapse do: about half a minute, nothing stays behind.
#   integration/demo.sh [--keep]
# --keep leaves it running for exploring, and prints how to explore and how to stop it.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
case ${1-} in
  -h|--help) sed -n '2,4s/^# *//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
exec "$here/setup.sh" -- /usr/bin/python3 "$here/demo.py" "$@"
