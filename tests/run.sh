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
git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run -Werror

step "build (dev)"
cmake --preset dev >/dev/null
cmake --build --preset dev | grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' || true
cmake --build --preset dev >/dev/null

step "reference data"
bash tests/prepare_reference.sh

step "tests (dev)"
build/dev/austeer fetch model smollm2-135m-instruct >/dev/null
ctest --preset dev

step "build (asan)"
cmake --preset asan >/dev/null
cmake --build --preset asan >build/asan-build.log 2>&1 || { tail -n 40 build/asan-build.log >&2; exit 1; }

step "tests (asan)"
ctest --preset asan

step "fuzzing"
for target in build/asan/fuzz_*; do
  [ -x "$target" ] || continue
  name=$(basename "$target")
  corpus=build/fuzz/$name
  mkdir -p "$corpus"
  seeds=(tests/fuzz/seeds/"${name#fuzz_}")
  [ -d "${seeds[0]}" ] || seeds=()
  "$target" "$corpus" "${seeds[@]}" -max_total_time="${FUZZ_SECONDS:-20}" -print_final_stats=1 \
    -artifact_prefix="$corpus-" >build/fuzz/"$name".log 2>&1 ||
    { tail -n 40 build/fuzz/"$name".log >&2; exit 1; }
  echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/"$name".log) runs, nothing found"
done
