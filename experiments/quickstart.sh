#!/usr/bin/env bash
# From a fresh clone to a first result: installs what is missing, builds, brings the default model and the
# encoder of the toxicity scorer, then runs the study quickstart.yaml: does steering make the model less
# rude? Prints its table, the answers that changed most, and where its report lies.
#   bash experiments/quickstart.sh [FOLDER]    of the results; default: austeer-quickstart
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-austeer-quickstart}

bash "$root/third_party/install.sh"
export PATH="$root/build/venv/bin:$PATH"
export AUSTEER_PYTHON="$root/build/venv/bin/python"

log=$root/build/quickstart-build.log
# Sixteen files at a time: a quarter of the time that the preset takes alone.
echo "Building build/release/austeer (a few minutes; log: $log)" >&2
if ! (cd "$root" && cmake --preset release -D CMAKE_UNITY_BUILD=ON -D CMAKE_UNITY_BUILD_BATCH_SIZE=16 &&
  cmake --build --preset release) >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "The build failed; the whole log is in $log" >&2
  exit 1
fi
austeer=$root/build/release/austeer
study=$root/experiments/quickstart.yaml
"$austeer" fetch model smollm2-135m-instruct all-minilm-l6-v2 >/dev/null
"$austeer" sweep "$study" --out "$out" >&2
"$austeer" table "$study" --out "$out" --examples --format text
"$austeer" plot "$study" --out "$out" >/dev/null
echo
echo "With the picture, every setting and its provenance: $("$austeer" report "$study" --out "$out")"
