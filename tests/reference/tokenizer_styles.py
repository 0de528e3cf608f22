"""Tokenizers in the shape of each model family, with vocabularies trained on a given text: small,
but with the pre-tokenizer, flags, post-processor and decoder of the family's own files.
"""

import io
import json

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")


def byte_level_trained(corpus, pre_tokenizer, size, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def smollm2_style(corpus):
    tokenizer = byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                 pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        1500, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.add_tokens([
        AddedToken("<tool call>", normalized=False), AddedToken("[word]", single_word=True),
        AddedToken("[left]", lstrip=True), AddedToken("[right]", rstrip=True),
        AddedToken("[both]", lstrip=True, rstrip=True, normalized=False)])
    return tokenizer


def llama3_style(corpus):
    tokenizer = byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(LLAMA3_PATTERN), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        2000, [])
    # A word that no merges lead to: ignore_merges finds it all the same.
    document = json.loads(tokenizer.to_str())
    document["model"]["ignore_merges"] = True
    document["model"]["vocab"]["Ġxylophones"] = len(document["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|eot_id|>"])
    bos = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
            special_tokens=[("<|begin_of_text|>", bos)])])
    return tokenizer


def qwen2_style(corpus):
    tokenizer = byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        1200, [])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("cafe\u0301X", normalized=True),
                          AddedToken("<think>", normalized=False)])
    return tokenizer


def split_style(behaviour, invert):
    """The behaviours of Split, a space in front, and bytes that have no piece."""
    def build(corpus):
        tokenizer = byte_level_trained(corpus, pre_tokenizers.ByteLevel(), 600, [])
        document = json.loads(tokenizer.to_str())
        model = document["model"]
        unknown = len(model["vocab"])
        model["vocab"]["<unk>"] = unknown
        used = {piece for merge in model["merges"] for piece in merge}
        for byte in "ĀÿþzQ":
            if byte in model["vocab"] and byte not in used:
                # Its id goes to the last piece, so that ids stay without holes.
                last = max(model["vocab"], key=model["vocab"].get)
                model["vocab"][last] = model["vocab"].pop(byte)
        model["unk_token"] = "<unk>"
        model["fuse_unk"] = invert
        tokenizer = Tokenizer.from_str(json.dumps(document))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split("-", "merged_with_next"),
            pre_tokenizers.Split(Regex(r"\s|\d\w*"), behaviour, invert=invert),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.ByteLevel(add_prefix_space=True)])
        return tokenizer
    return build


def roberta_style(corpus):
    tokenizer = byte_level_trained(corpus, pre_tokenizers.ByteLevel(add_prefix_space=False), 1000,
                                   ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return tokenizer


def word_piece_trained(corpus, size, normalizer, prefix="##", **options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", **options))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(corpus, trainers.WordPieceTrainer(
        vocab_size=size, continuing_subword_prefix=prefix, show_progress=False, limit_alphabet=300,
        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    document = json.loads(tokenizer.to_str())  # training takes no notice of these options
    document["model"].update(continuing_subword_prefix=prefix, **options)
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def bert_cased(corpus):
    """Accents stay where upper case stays."""
    tokenizer = word_piece_trained(corpus, 1500, normalizers.BertNormalizer(lowercase=False))
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    tokenizer.add_tokens([AddedToken("caf\u00e9X", normalized=True)])
    return tokenizer


def bert_bare(corpus):
    """Everything the other way round: short words, another mark of continuation, no cleaning."""
    tokenizer = word_piece_trained(
        corpus, 900, normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False,
                                                strip_accents=False, lowercase=True),
        prefix="_", max_input_chars_per_word=9)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s"), "removed")
    tokenizer.decoder = decoders.WordPiece(prefix="_")
    return tokenizer


def bert_stripped(corpus):
    """Accents go, upper case stays."""
    tokenizer = word_piece_trained(
        corpus, 1200, normalizers.BertNormalizer(strip_accents=True, lowercase=False))
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_tokens([AddedToken("[word]", single_word=True), AddedToken("[left]", lstrip=True)])
    return tokenizer


def bos_in_front(tokenizer, bos):
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos}:1 $B:1",
        special_tokens=[(bos, tokenizer.token_to_id(bos))])


def sentencepiece_trained(corpus, size, **options):
    """The bytes of a BPE model over characters that falls back to bytes."""
    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=file, model_type="bpe", vocab_size=size,
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        split_digits=True, allow_whitespace_only_pieces=True, character_coverage=0.995,
        num_threads=1, minloglevel=2, **options)
    return file.getvalue()


def llama2_model(corpus):
    return sentencepiece_trained(corpus, 1000, add_dummy_prefix=True)


GEMMA_USER_DEFINED = (
    ["<mask>", "[multimodal]"] + [f"<unused{i}>" for i in range(20)]
    + ["<start_of_turn>", "<end_of_turn>"] + ["\n" * n for n in range(1, 32)]
    + ["\u2581" * n for n in range(2, 32)] + ["<table>", "<tr>", "</td>", "<b>", "</s>", "<s>"]
    + ["\t" * n for n in range(1, 32)])


def gemma_model(corpus):
    return sentencepiece_trained(
        corpus, 1600, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3,
        pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", unk_piece="<unk>",
        user_defined_symbols=GEMMA_USER_DEFINED)


def pieces_and_merges(model, by_score):
    """The vocabulary of a SentencePiece BPE model, and the merges that give its segmentation: every
    way to cut a piece in two. The best piece is first by its score, or by its id (Gemma)."""
    pieces = {model.id_to_piece(i): i for i in range(model.get_piece_size())}
    plain = [i for i in range(model.get_piece_size())
             if not (model.is_control(i) or model.is_unknown(i) or model.is_byte(i))]
    merges = []
    for i in sorted(plain, key=lambda i: -model.get_score(i) if by_score else i):
        piece = model.id_to_piece(i)
        cuts = [(piece[:k], piece[k:]) for k in range(1, len(piece))]
        known = [cut for cut in cuts if cut[0] in pieces and cut[1] in pieces]
        merges += sorted(known, key=lambda cut: (pieces[cut[0]], pieces[cut[1]]))
    return pieces, merges


def marked_spaces_decoder(*more):
    return decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), *more])


def llama2_json(model, legacy):
    """As Llama 2's file has it, with a normalizer (legacy), or as it is converted today, with
    Metaspace."""
    pieces, merges = pieces_and_merges(model, by_score=True)
    tokenizer = Tokenizer(models.BPE(pieces, merges, unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True))
    if legacy:
        tokenizer.normalizer = normalizers.Sequence([
            normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
            replacement="\u2581", prepend_scheme="first", split=False)
    tokenizer.decoder = marked_spaces_decoder(decoders.Strip(content=" ", left=1, right=0))
    tokenizer.add_special_tokens([
        AddedToken(token, normalized=False) for token in ("<unk>", "<s>", "</s>")])
    tokenizer.add_tokens([AddedToken("[INST]", normalized=True)])
    bos_in_front(tokenizer, "<s>")
    return tokenizer


def gemma_json(model):
    """As Gemma's file has it; `transformers` builds the pipeline."""
    from transformers import GemmaTokenizer

    pieces, merges = pieces_and_merges(model, by_score=False)
    tokenizer = GemmaTokenizer(vocab=pieces, merges=merges)._tokenizer
    special = ("<start_of_turn>", "<end_of_turn>")
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in GEMMA_USER_DEFINED
                          if token not in special])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    bos_in_front(tokenizer, "<bos>")
    return tokenizer


def characters_style(corpus):
    """What the families leave open: some byte pieces missing, unknown characters not fused,
    Metaspace that cuts before each mark, and a normalizer with a regular expression."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Replace(Regex(r"[0-9]{4,}"), "#"),
        normalizers.Replace("--", "")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    bytes_present = [f"<0x{byte:02X}>" for byte in range(256) if byte % 7 and byte != 0xE2]
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=["<unk>", "<s>"] + bytes_present, limit_alphabet=80,
        show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    # The trainer made them special tokens; here they are pieces like any other.
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = [token for token in document["added_tokens"]
                                if token["content"] not in bytes_present]
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_tokens([AddedToken("[word]", normalized=True), AddedToken("  x", normalized=True)])
    tokenizer.decoder = decoders.Sequence([
        decoders.Strip(content="\u2581", left=2, right=0), decoders.Replace(Regex("\u2581"), " "),
        decoders.ByteFallback()])
    return tokenizer


def falcon3_style(corpus):
    """ByteLevel in the middle: what follows it cuts its letters."""
    return byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")]),
        1100, ["<|endoftext|>"])


def deepseek_style(corpus):
    return byte_level_trained(
        corpus,
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex("[\r\n]"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{P}+"), "isolated"),
            pre_tokenizers.Split(Regex("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        1000, ["<\uff5cend\u2581of\u2581sentence\uff5c>"])


def punctuation_style(behaviour, *first):
    """The behaviours of Punctuation, and steps that drop white space."""
    def build(corpus):
        return byte_level_trained(
            corpus,
            pre_tokenizers.Sequence([
                *first, pre_tokenizers.Punctuation(behaviour),
                pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)]), 700, [])
    return build


def unigram_trained(corpus, size, normalizer, pre_tokenizer, **changes):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(
        [line[:500] for line in corpus],
        trainers.UnigramTrainer(vocab_size=size, unk_token="<unk>", show_progress=False,
                                special_tokens=["<s>", "<unk>", "</s>"], max_piece_length=12))
    document = json.loads(tokenizer.to_str())
    document["model"].update(changes)
    return document


def charsmap():
    """The table of SentencePiece's own normalisation, out of a model that was trained with it."""
    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["ab a b ab"] * 4), model_writer=file, model_type="bpe",
        vocab_size=8, normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2)
    return field_of(field_of(file.getvalue(), 3), 2)  # normalizer_spec, precompiled_charsmap


def field_of(message, wanted):
    """The bytes of a field of a protocol buffer message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        size = varint() if kind in (0, 2) else {1: 8, 5: 4}[kind]
        start, at = at, at if kind == 0 else at + size
        if key >> 3 == wanted and kind == 2:
            return message[start:at]
    raise ValueError(f"no field {wanted}")


def unigram_style(corpus):
    """As T5 and XLM-R have it."""
    tokenizer = Tokenizer.from_str(json.dumps(unigram_trained(
        corpus, 900, normalizers.Precompiled(charsmap()),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(),
                                 pre_tokenizers.Metaspace(prepend_scheme="always")]))))
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_tokens([AddedToken("[left]", lstrip=True), AddedToken("caf\u00e9X")])
    bos_in_front(tokenizer, "<s>")
    return tokenizer


def unigram_bytes(corpus):
    """As Japanese llamas have it: unknown characters fall back to bytes, words are not cut."""
    document = unigram_trained(corpus, 700, None,
                               pre_tokenizers.Metaspace(prepend_scheme="never", split=False),
                               byte_fallback=True)
    document["model"]["vocab"] += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.decoder = decoders.Sequence([
        decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never"), decoders.Fuse()])
    return tokenizer


def unigram_first(corpus):
    """A space in front of the text alone."""
    document = unigram_trained(corpus, 500, None,
                               pre_tokenizers.Metaspace(prepend_scheme="first"))
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    return tokenizer


def styles():
    """{folder: builder}; a builder takes the training text."""
    return {"smollm2_style": smollm2_style, "llama3_style": llama3_style,
            "qwen2_style": qwen2_style, "characters_style": characters_style,
            "split_isolated": split_style("isolated", True),
            "split_removed": split_style("removed", False),
            "split_previous": split_style("merged_with_previous", False),
            "split_contiguous": split_style("contiguous", True),
            "split_next": split_style("merged_with_next", True),
            "roberta_style": roberta_style, "bert_cased": bert_cased, "bert_bare": bert_bare,
            "bert_stripped": bert_stripped, "falcon3_style": falcon3_style,
            "deepseek_style": deepseek_style,
            "punctuation_isolated": punctuation_style("isolated"),
            "punctuation_removed": punctuation_style("removed", pre_tokenizers.Digits()),
            "punctuation_previous": punctuation_style("merged_with_previous",
                                                      pre_tokenizers.WhitespaceSplit()),
            "punctuation_next": punctuation_style("merged_with_next"),
            "unigram_style": unigram_style, "unigram_bytes": unigram_bytes,
            "unigram_first": unigram_first}
