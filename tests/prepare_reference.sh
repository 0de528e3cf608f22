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
  build/venv/bin/python tests/reference/"$@" >"$out/$1.log" 2>&1 || { cat "$out/$1.log" >&2; exit 1; }
}
rm -rf "$out/smollm2/transformers"
run check_samples.py
# Beside the others, since they take about as long as all of them.
{
  run tiny_models.py "$out"
  run foreign_plans.py "$out"
  run probes.py "$out"
  run gemma3.py "$out"
} &
longest=$!
run significance.py "$out"
run stability.py "$out"
run fluency.py "$out"
run scorers.py "$out"
run task_items.py datasets/samples "$out/tasks"
run tokenizer.py "$out/tokenizers"
run pre_tokenizers.py "$out/pre_tokenizers"
run chat_templates.py "$out"
run tensors.py "$out"
run npz.py "$out"
run sparse_autoencoders.py "$out"
run tiny_gguf.py "$out"
run nf4.py "$out"
run encoders.py "$out"
run smollm2.py "$out"
wait "$longest"
echo "$modules" >"$out/.made-from"
