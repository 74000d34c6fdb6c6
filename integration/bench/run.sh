#!/bin/bash
# Runs the benchmarks one after the other, or those that are named. Each prints a table and then one JSON line per figure.
#   integration/bench/run.sh [--quick] [name...]
# Builds first. The JSON lines of a run are also in build/release/bench.jsonl. Run it on an otherwise idle machine: all of
# them take about 25 minutes on 2 cores, with --quick about 10.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
all=(footprint registration synapse_start propagation change_cost storm detection scheduling deploy outage zookeeper_scale)

options=()
names=()
for argument; do
  case $argument in
    --quick) options+=(--quick) ;;
    -h|--help) sed -n '2,5s/^# *//p' "${BASH_SOURCE[0]}"; echo "benchmarks: ${all[*]}"; exit 0 ;;
    -*) echo "run.sh: unknown argument $argument (known: --quick)" >&2; exit 2 ;;
    *)
      [[ " ${all[*]} " == *" $argument "* ]] || { echo "run.sh: no benchmark $argument (there are: ${all[*]})" >&2; exit 2; }
      names+=("$argument") ;;
  esac
done
[ ${#names[@]} -gt 0 ] || names=("${all[@]}")
if [ -z "${BUILD_DIR-}" ]; then
  exec "$here/../setup.sh" -- "${BASH_SOURCE[0]}" "$@"
fi

lines=$BUILD_DIR/bench.jsonl
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT
: >"$lines" || exit 1
failed=()
times=
for name in "${names[@]}"; do
  printf '\n== %s\n\n' "$name"
  SECONDS=0
  /usr/bin/python3 "$here/$name" "${options[@]}" | tee "$output"
  [ "${PIPESTATUS[0]}" -eq 0 ] || failed+=("$name")
  grep '^{' "$output" >>"$lines"
  times+="${times:+, }$name $SECONDS s"
done
printf '\n%s\n' "$times"
printf '%s of %s benchmarks ran; JSON lines: %s\n' $((${#names[@]} - ${#failed[@]})) ${#names[@]} "$lines"
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
