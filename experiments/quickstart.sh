#!/usr/bin/env bash
# From a fresh clone to a first result: installs what is missing, builds, brings the default model and
# the encoder of the toxicity scorer, then collect → rank → eval: does steering make the model less
# rude (experiments/quickstart.py)? Options go to that script: --datasets DIR for other data, --out
# DIR for another place.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

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
"$root/build/release/austeer" fetch model smollm2-135m-instruct all-minilm-l6-v2 >/dev/null
exec python "$root/experiments/quickstart.py" "$@"
