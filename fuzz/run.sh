#!/usr/bin/env bash
# Runs a fuzz target: run.sh BINARY MINUTES [FLAGS OF LIBFUZZER OR INPUTS …]. With inputs it only runs these.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

binary=$1 minutes=$2
shift 2
target=$(basename "$binary")

# Inputs as long as it takes to say something: what grows with their square shows at these lengths.
case $target in
  yaml_*) dictionary=yaml length=16384 ;;
  builds | patches) dictionary=kustomization length=16384 ;;
  template_*) dictionary=template length=4096 ;;
  release_decoder) dictionary=release length=16384 ;;
  *) dictionary=chart length=16384 ;;
esac

mkdir -p "corpus/$target" "artifacts/$target"
# The engines run on threads with stacks of 2 MiB, so they must do with as much.
ulimit -s 2048
inputs=("corpus/$target")
for argument; do [[ -e $argument ]] && inputs=(); done
echo "fuzzing $target for $minutes minutes" >&2
exec "$binary" -max_total_time=$((minutes * 60)) -max_len=$length -timeout=10 -rss_limit_mb=1024 -report_slow_units=1 \
  -dict="dictionaries/$dictionary.dict" -artifact_prefix="artifacts/$target/" -print_final_stats=1 \
  "$@" "${inputs[@]}"
