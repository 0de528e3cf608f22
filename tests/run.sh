#!/usr/bin/env bash
# Builds and runs the test suite; usage() says what is in it. The table of times comes at the end of
# every run, also of one that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'EOF'
usage: bash tests/run.sh [--quick]

Installs what is missing, then runs the whole test suite: formatting, what the rooms promise about
themselves, the tests in preset dev, those of the library again under sanitizers in preset asan, and
each fuzz target for a bounded time. Ends with a table of its phases and their times.

  --quick   for daily work: formatting, the rooms, the build of preset dev and the library's C++
            tests in it, without those of the command line, the sanitizers and the fuzz targets.
            The models and the reference data that these tests need are fetched and made where
            they are missing.
  --help    this text

FUZZ_SECONDS (default 20) is the time for each fuzz target.
EOF
}

quick=no
for option in "$@"; do
  case "$option" in
    --quick) quick=yes ;;
    --help | -h) usage; exit ;;
    *)
      printf "tests/run.sh: unknown option '%s'\n\n" "$option" >&2
      usage >&2
      exit 2
      ;;
  esac
done

phases=() times=()

end_phase() {
  if [ ${#times[@]} -lt ${#phases[@]} ]; then times+=($((SECONDS - began))); fi
}

phase() {
  end_phase
  phases+=("$1")
  began=$SECONDS
  printf '\n== %s\n' "$1" >&2
}

row() { printf '%-20s %4d:%02d%s\n' "$1" $(($2 / 60)) $(($2 % 60)) "${3:-}" >&2; }

show_times() {
  local status=$? i
  end_phase
  printf '\n== times (minutes)\n' >&2
  for i in "${!phases[@]}"; do
    if [ "$status" != 0 ] && [ "$i" = $((${#phases[@]} - 1)) ]; then
      row "${phases[$i]}" "${times[$i]}" "  failed"
    else
      row "${phases[$i]}" "${times[$i]}"
    fi
  done
  row total "$SECONDS"
}
trap show_times EXIT

build() {
  phase "build ($1)"
  if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"build/$1-build.log" 2>&1; then
    tail -n 40 "build/$1-build.log" >&2
    exit 1
  fi
}

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

phase "dependencies"
bash third_party/install.sh --tests
export PATH="$PWD/build/venv/bin:$PATH"
export AUSTEER_PYTHON="$PWD/build/venv/bin/python"
export AUSTEER_HOME="$PWD/build/home"

phase "formatting"
git ls-files '*.cpp' '*.hpp' | xargs build/venv/bin/clang-format --dry-run -Werror

phase "structure"
python3 tests/check_structure.py

build dev

phase "models"
build/dev/austeer fetch model smollm2-135m-instruct all-minilm-l6-v2 >/dev/null

phase "reference data"
bash tests/prepare_reference.sh

if [ "$quick" = yes ]; then
  phase "C++ tests (dev)"
  ctest --preset dev --label-regex '^library$'
  exit
fi

phase "tests (dev)"
ctest --preset dev

build asan

phase "tests (asan)"
ctest --preset asan

phase "fuzzing"
for source in tests/fuzz/*.cpp; do basename "$source" .cpp; done |
  xargs -P 2 -I{} bash -euo pipefail -c 'fuzz {}'
