"""Questions with the documents that are known to answer them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of a golden set."""

    text: str
    documents: tuple[str, ...]
    """URIs, or endings of URIs from a `/` on."""
    corpus: str | None
    access: tuple[str, ...]


def read_golden(path: Path) -> tuple[Question, ...]:
    """Read JSON Lines with `question` and `document` (or `documents`), perhaps `corpus` and `access`.

    Raises UsageError for a line that does not fit.
    """
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            questions.append(_question(line, f"{path.name}:{number}"))
    return tuple(questions)


def _question(line: str, place: str) -> Question:
    try:
        value: Any = json.loads(line)
        named = value.get("documents", value.get("document"))
        names = (named,) if isinstance(named, str) else tuple(named)
        text = value["question"]
        if not (isinstance(text, str) and text.strip() and names and all(isinstance(x, str) for x in names)):
            raise ValueError("a question is a text, a document a URI")
        access = tuple(str(label) for label in value.get("access", ()))
        return Question(text=text, documents=names, corpus=value.get("corpus"), access=access)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{place} of the golden set does not fit: {error}.",
            hint='Each line is {"question": "…", "document": "docs/page.md"}.',
        ) from error
