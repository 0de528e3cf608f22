"""What transformers makes of chat templates, for tests/text/chat_template_test.cpp.

usage: chat_templates.py OUT [FOLDER]     (writes OUT/chat_templates.jsonl)

Each line has the source of a template, its variables, a conversation, and the text that
apply_chat_template renders (`text`), or what austeer has to refuse it with (`line`, `refusal`).
Templates are the pieces of chat_snippets.py, the one of the default model, and those in FOLDER
(NAME.jinja each): templates of other models, whose licences keep them out of this repository.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import jinja2
from transformers.utils import chat_template_utils

import gguf_tokenizer
import smollm2_model
from chat_snippets import REFUSED, SNIPPETS, UNSUPPORTED, VARIABLES

TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
NOW = datetime(2026, 3, 5, 14, 7, 9)  # in UTC what SOURCE_DATE_EPOCH is in the test

USER = {"role": "user", "content": "What is 2 + 2?"}
SYSTEM = {"role": "system", "content": "  Answer in one word. \n"}
ANSWER = {"role": "assistant", "content": "<think>\nTwo and two.\n</think>\n\nFour"}
CONVERSATIONS = [
    [USER],
    [SYSTEM, USER],
    [USER, ANSWER],
    [USER, ANSWER, {"role": "user", "content": " Und \u00fcberhaupt?\n\n  \u65e5\u672c \U0001f642 <b>'\"\\n </b> "}],
    [SYSTEM, USER, ANSWER, {"role": "user", "content": ""}],
    [SYSTEM, USER, ANSWER, USER, {"role": "assistant", "content": "Still four."}, USER],
    [SYSTEM],
    [USER, USER],
    [ANSWER],
    [{"role": "user", "content": "<tool_response>\n4\n</tool_response>"}, ANSWER, USER],
    [{"role": "tool", "content": "4"}],
    [{"role": "", "content": "{{ no template }}{% raw %}"}],
]


class FixedTime(datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def render(source, messages, prompt, variables, tokens):
    """The text, or None where transformers refuses."""
    try:
        texts, _ = chat_template_utils.render_jinja_template(
            conversations=[messages], chat_template=source, add_generation_prompt=prompt,
            **{**tokens, **variables})
        return texts[0]
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, AttributeError,
            LookupError, SyntaxError):
        return None


def lines(name, source, conversations, variables, prompts=(True, False)):
    """A line for each conversation; without `text` where it is refused."""
    for number, messages in enumerate(conversations):
        for prompt in prompts:
            yield {"name": f"{name} {number}{'' if prompt else ' whole'}", "source": source,
                   "messages": messages, "prompt": prompt, "variables": variables, "tokens": TOKENS,
                   "text": render(source, messages, prompt, variables, TOKENS)}


def refused(name, entry, by_transformers):
    source, line, part = entry
    rendered = render(source, CONVERSATIONS[1], True, VARIABLES, TOKENS) if by_transformers else None
    assert rendered is None, f"{name}: transformers renders it"
    return {"name": name, "source": source, "messages": CONVERSATIONS[1], "prompt": True,
            "variables": VARIABLES, "tokens": TOKENS, "text": None, "line": line, "refusal": part}


def all_lines(folder):
    for name, source in SNIPPETS.items():
        for line in lines(name, source, CONVERSATIONS[1:2], VARIABLES, prompts=(True,)):
            assert line["text"] is not None, f"{name}: transformers refuses it"
            yield line
    for name, entry in REFUSED.items():
        yield refused(name, entry, by_transformers=True)
    for name, entry in UNSUPPORTED.items():
        yield refused(name, entry, by_transformers=False)
    own = gguf_tokenizer.metadata(smollm2_model.gguf_path())["tokenizer.chat_template"]
    yield from lines("smollm2", own, CONVERSATIONS, {})
    for file in sorted(Path(folder).glob("*.jinja")) if folder else []:
        source = file.read_text(encoding="utf-8")
        yield from lines(file.stem, source, CONVERSATIONS, {})
        if "enable_thinking" in source:
            yield from lines(f"{file.stem} (no thinking)", source, CONVERSATIONS,
                             {"enable_thinking": False})


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    chat_template_utils.datetime = FixedTime
    written = [json.dumps(line, ensure_ascii=False) for line in
               all_lines(sys.argv[2] if len(sys.argv) > 2 else None)]
    (out / "chat_templates.jsonl").write_text("\n".join(written) + "\n", encoding="utf-8")
    print(f"{len(written)} renderings")


if __name__ == "__main__":
    main()
