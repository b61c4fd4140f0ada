"""The parts of a score that a text alone decides."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.quality.content import SAMPLE_CHARACTERS, ContentQuality, content_qualities
from headrace.records.document import ParsedDocument, TextKind

PAGES = sorted((Path(__file__).parents[3] / "docs").glob("*.md"))
PROSE = PAGES[0].parent.joinpath("freshness.md").read_text(encoding="utf-8")
WORDS = ["the", "of", "a", "is", "© 2020", "all rights reserved\n", "w0rd5", "café", "漢字"]
GERMAN = (
    "Die Belege werden bis zum Ende des Monats an die Buchhaltung geschickt, und was danach kommt, wird "
    "erst im nächsten Monat erstattet. Flüge brauchen die Zustimmung der Leitung, Züge nicht. "
)


def judged(text: str, *, kind: TextKind = "text", uri: str = "a.txt", **facts: object) -> ContentQuality:
    """What comes out for one text."""
    (found,) = content_qualities([(uri, parsed(text, kind, **facts))])
    return found


def parsed(text: str, kind: TextKind = "text", **facts: object) -> ParsedDocument:
    """A parsed document."""
    return ParsedDocument(text=text, kind=kind, media_type="text/plain", title=None, **facts)  # type: ignore[arg-type]


def shuffled(text: str) -> str:
    """Its words in another order."""
    words = text.split()
    random.Random(5).shuffle(words)
    return " ".join(words)


@settings(max_examples=20)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=400),
            st.sampled_from([page.read_text(encoding="utf-8")[:3000] for page in PAGES]).map(shuffled),
            st.lists(st.sampled_from(WORDS)).map(" ".join),
        ),
        min_size=1,
        max_size=8,
    ),
    st.data(),
)
def test_a_score_never_depends_on_the_batch_and_its_parts_are_shares(
    texts: list[str], data: st.DataObject
) -> None:
    documents = [(f"{place}.md", parsed(text, "markdown")) for place, text in enumerate(texts)]
    cut = data.draw(st.integers(0, len(texts)))
    whole = content_qualities(documents)
    assert whole == content_qualities(documents[:cut]) + content_qualities(documents[cut:])
    assert all(0 <= value <= 1 for found in whole for value in found.parts.values())


@pytest.mark.parametrize("text", [PROSE, GERMAN, PROSE.upper(), "Short.", "漢字かな交じり文。" * 80, ""])
def test_ordinary_texts_have_no_fault(text: str) -> None:
    parts = judged(text).parts
    assert min(parts["prose"], parts["parsing"], parts["boilerplate"], parts["civility"]) >= 0.9, parts


def test_each_fault_is_told_by_its_part() -> None:
    assert judged(shuffled(PROSE)).parts["prose"] < 0.3
    assert (
        judged("Nothing changed since then, as far as we can tell today, says the log.\n" * 60).parts["prose"]
        < 0.3
    )
    assert judged(PROSE[:3000].replace("l", "1").replace("o", "0")).parts["parsing"] < 0.3
    assert judged("We use cookies. All rights reserved.\nPrivacy policy\n" * 9).parts["boilerplate"] < 0.2
    assert judged(" ".join(PROSE.split())).parts["structure"] == 0.5
    assert judged("What a bunch of morons and bastards wrote this. " * 5).parts["civility"] < 0.2
    assert judged(PROSE, metadata={"failed_gates": "language, length"}).parts["gates"] == 0.25


def test_code_and_tables_are_no_bad_prose() -> None:
    code = "x = the(a, of)\n" * 80
    assert judged(code, kind="code").parts["prose"] == 1
    table = "\n".join(f"| the {row} | of {row * 7} | a {row * 31} |" for row in range(90))
    assert judged(table, kind="markdown").parts["prose"] == 1


def test_like_texts_keep_like_phrases_wherever_they_stand() -> None:
    def phrases(text: str) -> set[bytes]:
        kept = judged(text).phrases
        return {kept[at : at + 4] for at in range(0, len(kept), 4)}

    text = PROSE[:4000]
    assert len(phrases(text)) == 16
    assert phrases(text) == phrases(text.replace(" ", "\n").upper())
    assert len(phrases(text) & phrases(text.replace("days", "weeks"))) >= 10
    assert not phrases(text) & phrases(GERMAN)
    assert phrases("Four words are few.") == set()
    assert phrases(text * 20) == phrases((text * 20)[:SAMPLE_CHARACTERS])
