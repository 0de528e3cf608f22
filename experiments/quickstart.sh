#!/usr/bin/env bash
# From a fresh clone to a first result: installs what is missing, builds, brings the default model,
# then collect → rank → eval on the sample texts that come with austeer (experiments/quickstart.py).
set -euo pipefail
cd "$(dirname "$0")/.."

bash third_party/install.sh
export PATH="$PWD/build/venv/bin:$PATH"
export AUSTEER_PYTHON="$PWD/build/venv/bin/python"

log=build/quickstart-build.log
echo "Building build/release/austeer (a few minutes; log: $log)" >&2
if ! { cmake --preset release && cmake --build --preset release; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "The build failed; the whole log is in $log" >&2
  exit 1
fi
build/release/austeer fetch model smollm2-135m-instruct >/dev/null
exec python experiments/quickstart.py "$@"
