#!/usr/bin/env bash
# Writes the reference data of the tests to build/reference: what transformers, tokenizers,
# sentencepiece, gguf, safetensors, bitsandbytes, PEFT, NLTK, SciPy and statsmodels compute, each by a
# script of tests/reference. All run again when one of them, a pinned version or a sample has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/reference
mkdir -p "$out"
export OMP_NUM_THREADS=1 TQDM_DISABLE=1

modules=$(cat tests/reference/*.py tests/requirements.txt datasets/samples/*/*.* | sha256sum | cut -d' ' -f1)
if [ "$(cat "$out/.made-from" 2>/dev/null)" = "$modules" ]; then
  echo "build/reference is up to date" >&2
  exit 0
fi
run() {
  echo "reference: $1" >&2
  # 255 tells xargs to start nothing more.
  build/venv/bin/python tests/reference/"$@" >"$out/$1.log" 2>&1 || { cat "$out/$1.log" >&2; exit 255; }
}
export -f run
export out
# Each line of the input is a script with its arguments; two run at a time.
run_all() { xargs -P 2 -L 1 bash -euo pipefail -c 'run "$@"' run; }

rm -rf "$out/smollm2/transformers"
run check_samples.py
# Those that take longest first, so that both end together.
run_all <<EOF
tiny_models.py $out
gemma3.py $out
pre_tokenizers.py $out/pre_tokenizers
smollm2.py $out
nf4.py $out
npz.py $out
tokenizer.py $out/tokenizers
tiny_gguf.py $out
chat_templates.py $out
scorers.py $out
stability.py $out
task_items.py datasets/samples $out/tasks
encoders.py $out
tensors.py $out
fluency.py $out
significance.py $out
sparse_autoencoders.py $out
EOF
# What reads the models of tiny_models.py.
run_all <<EOF
foreign_plans.py $out
probes.py $out
EOF
echo "$modules" >"$out/.made-from"
