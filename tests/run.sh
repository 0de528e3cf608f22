#!/usr/bin/env bash
# Builds and runs the whole test suite:
#   formatting, the tests in preset dev, the same under sanitizers in preset asan, and each fuzz
#   target for a bounded time. FUZZ_SECONDS (default 20) is the time per target.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*" >&2; }

step "dependencies"
bash third_party/install.sh --tests
export PATH="$PWD/build/venv/bin:$PATH"
export AUSTEER_PYTHON="$PWD/build/venv/bin/python"
export AUSTEER_HOME="$PWD/build/home"

step "formatting"
git ls-files '*.cpp' '*.hpp' | xargs build/venv/bin/clang-format --dry-run -Werror

build() {
  step "build ($1)"
  if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"build/$1-build.log" 2>&1; then
    tail -n 40 "build/$1-build.log" >&2
    exit 1
  fi
}

build dev

step "reference data"
bash tests/prepare_reference.sh

step "tests (dev)"
build/dev/austeer fetch model smollm2-135m-instruct all-minilm-l6-v2 >/dev/null
ctest --preset dev

build asan

step "tests (asan)"
ctest --preset asan

step "fuzzing"
fuzz() {
  local name=fuzz_$1 seeds=(tests/fuzz/seeds/"$1")
  mkdir -p "build/fuzz/$name"
  [ -d "${seeds[0]}" ] || seeds=()
  "build/asan/$name" "build/fuzz/$name" "${seeds[@]}" -max_total_time="${FUZZ_SECONDS:-20}" \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
    >"build/fuzz/$name.log" 2>&1 || { tail -n 40 "build/fuzz/$name.log" >&2; return 1; }
  echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log") runs, nothing found"
}
export -f fuzz
for source in tests/fuzz/*.cpp; do basename "$source" .cpp; done |
  xargs -P 2 -I{} bash -euo pipefail -c 'fuzz {}'
