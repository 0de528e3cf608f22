"""The default model, SmolLM2-135M-Instruct, in float32 on real texts.

    smollm2.py OUT            writes OUT/smollm2/reference.safetensors

Named tensors as in tiny_models.py, unsteered, for texts 0, 1, ...: tokens.N, site.SITE.N of every
layer, logits.N at the last positions only, greedy.N, greedy_margin.N; and for the chat
chat.tokens, chat.greedy, chat.greedy_margin. Metadata: `texts`, the strings (JSON list);
`chat.prompt`, the user's message in its chat format; `chat.answer`, the greedy answer to its end.
"""

import sys
from pathlib import Path

import smollm2_model
from common import greedy, plain_reference, save

TEXTS = [
    "The tide went out,",
    "In 1987 the bridge cost 12,450 dollars; by 2003 it was worth 3.5 times that.",
    "def area(radius):\n    return 3.14159 * radius ** 2\n\nprint(area(2))\n",
    "Überraschung! The café's naïve menu listed crêpes – 東京 style – for 7 € 😀.",
    "Question:\nThe kettle began to whistle. Based on the previous passage, choose the most "
    "reasonable cause.\nA:The water boiled.\nB:The window broke.\n\nAnswer:\n",
    "A lighthouse keeper once wrote down the weather every morning for forty years. At first the "
    "notes were short: wind, cloud, the colour of the sea. Later they grew longer, for he had "
    "begun to compare each day with the same day of other years, and he found that the storms came "
    "in groups, like birds. When the harbour office asked for his books, he lent them the first "
    "twenty volumes only, because the rest, he said, were still being checked.",
]
LAST_LOGITS = 5
QUESTION = "What is the capital of France?"
END_OF_ANSWER = "<|im_end|>"


def main():
    model, tokenizer = smollm2_model.load()
    texts = [smollm2_model.encode(tokenizer, text) for text in TEXTS]
    tensors = plain_reference(model, texts, LAST_LOGITS)

    prompt = smollm2_model.chat_prompt(QUESTION)
    tensors["chat.tokens"] = smollm2_model.encode(tokenizer, prompt)
    continuation, margins = greedy(model, tensors["chat.tokens"])
    tensors["chat.greedy"], tensors["chat.greedy_margin"] = continuation, margins
    answer = tokenizer.decode(continuation.tolist(), skip_special_tokens=False)
    answer = answer.split(END_OF_ANSWER)[0]

    save(Path(sys.argv[1]) / "smollm2" / "reference.safetensors", tensors, model=smollm2_model.FILE,
         texts=TEXTS, **{"chat.prompt": prompt, "chat.answer": answer})
    print(f"{[len(tokens) for tokens in texts]} tokens; the chat answers: {answer}")


if __name__ == "__main__":
    main()
