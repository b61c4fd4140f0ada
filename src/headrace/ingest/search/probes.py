"""Known-answer probes: titles and telling sentences of documents, which must find their document again."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

K = 10
"""Hits among which a document must be."""
_SAMPLED_ROWS = 256
_LEAST_WORDS, _MOST_WORDS = 6, 24
_FEW_CHARACTERS = 120
_SENTENCE = re.compile(r"[^.!?\n]+")
_find_words = re.compile(r"\w+").findall


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A query whose answer is known."""

    document: str
    kind: Literal["title", "sentence"]
    query: str


def sample(dataset: Any, *, seed: str) -> list[dict[str, Any]]:
    """Random rows of an index, the same for the same seed: `document`, `acl_id` and `text` of each."""
    total = dataset.count_rows()
    rows = sorted(random.Random(seed).sample(range(total), min(total, _SAMPLED_ROWS)))  # noqa: S311
    found: list[dict[str, Any]] = dataset.take(rows, columns=["document", "acl_id", "text"]).to_pylist()
    return found


def choose(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], *, count: int, seed: str
) -> list[Probe]:
    """At most `count` probes, each of another document; every other one by its title, where it has one.

    `titles` holds those that name one document only.
    """
    often = Counter(word for row in rows for word in set(_words(row["text"])))
    by_document = {row["document"]: row["text"] for row in rows}
    names = sorted(by_document)
    random.Random(seed).shuffle(names)  # noqa: S311
    probes: list[Probe] = []
    for name in names:
        if len(probes) == count:
            break
        title = titles.get(name) if len(probes) % 2 == 0 else None
        query = title or telling_sentence(by_document[name], often, len(rows))
        if query:
            probes.append(Probe(document=name, kind="title" if title else "sentence", query=query))
    return probes


def telling_sentence(text: str, often: Mapping[str, int], total: int) -> str:
    """The sentence of a text whose words are rarest on average; the text's beginning where none will do.

    `often` holds in how many of `total` texts a word stands.
    """
    best, best_score = "", -1.0
    for found in _SENTENCE.finditer(text):
        sentence = found.group().strip()
        words = set(_words(sentence))
        if not _LEAST_WORDS <= len(words) <= _MOST_WORDS:
            continue
        score = sum(math.log((total + 1) / (often.get(word, 0) + 1)) for word in words) / len(words)
        if score > best_score:
            best, best_score = sentence, score
    return best or text.strip()[:_FEW_CHARACTERS].strip()


def is_found(probe: Probe, documents: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether the hits hold the document, or another one that says the same sentence word for word."""
    if probe.document in documents:
        return True
    return probe.kind == "sentence" and any(probe.query in text for text in texts)


def _words(text: str) -> list[str]:
    return [str(word) for word in _find_words(text.lower())]
