"""Queries in shell words, however they are quoted."""

from __future__ import annotations

import re
import subprocess
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st
from support import source_spelling
from support.examples import examples
from support.source_spelling import Spelled, before, plain, seeds

from bbquery.lint.extractors import extract


def shell_word(text: str, random: Random, parts: int) -> Spelled:
    """A word of quoted and bare parts."""
    cuts = sorted(random.randrange(len(source_spelling.BASE) + 1, len(text)) for _ in range(parts - 1))
    word = plain("")
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        piece = text[start:end]
        kind = random.choice(["single", "double", "bare"])
        if kind == "bare" and not re.search(r"[\r\n]", piece):
            word += source_spelling.spell(
                piece, lambda char: [char if char.isalnum() or char == "_" else "\\" + char], random
            )
        elif kind == "single" and "'" not in piece:
            word += plain("'") + source_spelling.spell(piece, lambda char: [char], random) + "'"
        else:
            word += (
                plain('"')
                + source_spelling.spell(piece, lambda char: ["\\" + char if char in '"\\$`' else char], random, "\\\n")
                + '"'
            )
    return word


@given(
    source_spelling.query_texts(),
    seeds,
    before,
    st.integers(1, 5),
    st.sampled_from(["q={} run", "run --q={}", "x=$(f {} | g)"]),
)
@example("user_metadata['a']:'e&q=1' AND user_metadata['it\\'s&b=']:\"&c=\"", 0, "", 1, "q={} run")
def test_shell(text: str, seed: int, before: str, parts: int, around: str) -> None:
    head, tail = around.split("{}")
    spelled = plain(f"# {before}\n{head}") + shell_word(text, Random(seed), parts) + f"{tail} # {before}"
    source_spelling.check(spelled, text, "shell")


@examples(50)
@given(
    st.lists(st.tuples(source_spelling.query_texts(), seeds, st.integers(1, 4)), min_size=4, max_size=8),
    source_spelling.query_texts(),
)
def test_a_shell_reads_the_same(words: list[tuple[str, int, int]], new: str) -> None:
    spelled = [(shell_word(text, Random(seed), parts).source, text) for text, seed, parts in words]
    for source, _ in [*spelled]:
        excerpt = extract(source, "shell").excerpts[0]
        if excerpt.respell:
            spelled.append((source_spelling.replaced(source, excerpt, new), new))
    script = "printf '%s\\0' " + " ".join(source for source, _ in spelled)
    done = subprocess.run(["bash"], input=script.encode(), capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    assert done.stdout.decode().split("\0")[:-1] == [text for _, text in spelled]
