"""The least work that a task asks of a model of the Llama family, in FLOP: every prefix that texts
share counted once, and in the last layer, beyond keys and values, and in the unembedding only the
rows that somebody needs. Attention's own products, which grow with the texts' length, are left out.

    counting.py PROMPTS.json [--new-tokens 1]

prints of a list of texts, for SmolLM2-135M-Instruct, one JSON object: token_ids, counted_gflop of
continuing them by so many tokens, and parameters_per_token, that a decode step meets.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "reference"))


def unique_tokens(texts):
    """Tokens of the tree that texts, lists of token ids, form."""
    nodes = {}  # (parent node, token) -> node
    for text in texts:
        node = 0
        for token in text:
            node = nodes.setdefault((node, token), len(nodes) + 1)
    return len(nodes)


def parameters(config):
    """Of one layer's matrices, of its keys and values alone, and of the unembedding."""
    width, head = config.hidden_size, config.hidden_size // config.num_attention_heads
    key_values = 2 * width * head * config.num_key_value_heads
    layer = key_values + 2 * width * width + 3 * width * config.intermediate_size
    return layer, key_values, width * config.vocab_size


def collect_gflop(config, texts):
    """Reading every layer at each text's last token."""
    layer, key_values, _ = parameters(config)
    each_token = (config.num_hidden_layers - 1) * layer + key_values
    last_rows = len({tuple(text) for text in texts})
    return 2e-9 * (unique_tokens(texts) * each_token + last_rows * (layer - key_values))


def generate_gflop(config, prompts, new_tokens):
    """Continuing each prompt by `new_tokens`; the first of them comes out of the prompt's pass."""
    _, _, unembedding = parameters(config)
    decoded = len(prompts) * (new_tokens - 1)
    return (collect_gflop(config, prompts) + 2e-9 * len(prompts) * unembedding
            + 2e-9 * decoded * parameters_per_token(config))


def parameters_per_token(config):
    """Of the matrices that a decode step meets."""
    layer, _, unembedding = parameters(config)
    return config.num_hidden_layers * layer + unembedding


def main():
    import smollm2_model
    from tokenizers import Tokenizer
    from transformers import AutoConfig

    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--new-tokens", type=int, default=1)
    options = parser.parse_args()

    if not smollm2_model.KEPT.exists():
        smollm2_model.keep()
    tokenizer = Tokenizer.from_file(str(smollm2_model.KEPT / "tokenizer.json"))
    config = AutoConfig.from_pretrained(smollm2_model.KEPT)
    prompts = [tokenizer.encode(text).ids for text in json.loads(options.prompts.read_text())]
    print(json.dumps({"token_ids": prompts,
                      "counted_gflop": generate_gflop(config, prompts, options.new_tokens),
                      "parameters_per_token": parameters_per_token(config)}))


if __name__ == "__main__":
    main()
