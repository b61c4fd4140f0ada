"""What people see: it fits 80 columns, hides nothing, and no document can smuggle controls into it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from headrace.cli.each_corpus import exit_code
from headrace.cli.failure import worst
from headrace.cli.output import one_line, plain
from headrace.cli.views.answer import show_answer
from headrace.cli.views.console import duration, moment, size
from headrace.cli.views.facts import facts_line
from headrace.cli.views.lineage import show_at, show_why
from headrace.cli.views.search import SNIPPET_CHARACTERS, show_search, snippet
from headrace.cli.views.status import show_status
from headrace.cli.views.sync import show_plan, show_sync
from headrace.records.explain import AtReport, CorpusStatus, RefState, StatusReport, WhyNode, WhyReport
from headrace.records.search import Answer, Citation, Hit, SearchResult
from headrace.records.sync import (
    ChunkCounts,
    DocumentCounts,
    EmbeddingCounts,
    Failure,
    PlanReport,
    SyncReport,
)


def shown(show: Callable[[Console, Any], None], record: Any) -> str:
    stream = io.StringIO()
    show(Console(file=stream, width=80, highlight=False, markup=False, emoji=False), record)
    return stream.getvalue()


def sync_report(**changed: Any) -> SyncReport:
    values: dict[str, Any] = {
        "corpus": "handbook",
        "run_id": "run_1",
        "generation": "gen_1",
        "digest": "content_1",
        "documents": DocumentCounts(added=1200, moved=2, failed=1),
        "chunks": ChunkCounts(added=4800, deleted=3, total=5000),
        "embeddings": EmbeddingCounts(computed=4700, reused=100),
        "commits": 2,
        "seconds": 75.2,
    }
    return SyncReport(**{**values, **changed})


def test_sync_says_what_changed() -> None:
    text = shown(show_sync, sync_report())
    assert text.splitlines() == [
        "handbook  synced in 1 min 15 s",
        "  documents  1,200 added, 2 moved, 1 failed",
        "  chunks     4,800 added, 3 deleted, 5,000 in all",
        "  embeddings 4,700 computed, 100 reused",
        "  generation gen_1",
    ]


def test_sync_shows_twenty_failures_and_where_the_rest_is() -> None:
    failures = tuple(Failure(document=f"docs/{n}.pdf", stage="parse", error="x " * 60) for n in range(27))
    text = shown(show_sync, sync_report(failures=failures))
    assert "docs/19.pdf" in text
    assert "docs/20.pdf" not in text
    assert "… and 7 more: headrace status" in text
    assert max(map(len, text.splitlines())) <= 80


def test_sync_says_how_to_go_on_with_what_is_withheld() -> None:
    report = sync_report(documents=DocumentCounts(withheld=12), withheld_reason="the listing is empty")
    text = shown(show_sync, report)
    assert "12 deletions: the listing is empty" in text
    assert "headrace sync --corpus handbook --confirm-deletes" in text


@pytest.mark.parametrize(
    ("cost", "words"), [(0.0, "free of charge"), (None, "price not known"), (0.0125, "costing 0.0125")]
)
def test_plan_names_the_cost(cost: float | None, words: str) -> None:
    report = PlanReport(
        corpus="handbook",
        generation="gen_1",
        digest="content_1",
        documents=DocumentCounts(unchanged=3),
        chunks=ChunkCounts(),
        embeddings=EmbeddingCounts(),
        tokens=1234,
        cost=cost,
        seconds=0.01,
    )
    assert f"1,234 tokens to embed, {words}" in shown(show_plan, report)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"documents": DocumentCounts(added=1)}, 0),
        ({"failures": (Failure(document="d", stage="read", error="e"),)}, 1),
        ({"documents": DocumentCounts(failed=1)}, 1),
        ({"documents": DocumentCounts(withheld=1, failed=1)}, 3),
        ({"documents": DocumentCounts(), "withheld_reason": "incomplete"}, 3),
    ],
)
def test_exit_codes_of_a_sync(changed: dict[str, Any], code: int) -> None:
    assert exit_code(sync_report(**changed)) == code


def test_withheld_wins_over_wrong_usage_over_failure() -> None:
    assert [worst(codes) for codes in ([], [0, 0], [0, 1], [1, 2], [1, 3, 2])] == [0, 0, 1, 2, 3]


def hit(text: str, headings: tuple[str, ...] = ("Policy", "Retention")) -> Hit:
    return Hit(
        rank=1,
        score=0.5,
        chunk_id="chunk_1",
        document="docs/a\nb\x1b[31m.pdf",
        revision="rev_1",
        text=text,
        span=(0, len(text)),
        page=3,
        headings=headings,
        metadata={},
    )


def test_a_hit_shows_place_and_text_once() -> None:
    found = hit("## Retention\n\nKept for 30 days.\x1b[2J")
    text = shown(show_search, SearchResult(query="q", generation="g", trace_id="t1", hits=(found,)))
    assert text.splitlines() == [
        " 1 0.500  docs/a\\nb\\x1b[31m.pdf",
        "    page 3, Policy › Retention",
        "    Kept for 30 days.\\x1b[2J",
        "",
        "headrace why t1",
    ]


def test_no_hits() -> None:
    assert shown(show_search, SearchResult(query="q", generation="g", trace_id="t1", hits=())).startswith(
        "Nothing found."
    )


def test_a_snippet_lies_around_the_words_of_the_query() -> None:
    text = "filler " * 200 + "the traces are kept for thirty days " + "filler " * 200
    cut = snippet(text, "how long are traces kept")
    assert "traces are kept for thirty days" in cut
    assert (cut[0], cut[-1]) == ("…", "…")


@given(st.text(), st.text())
def test_a_snippet_is_short_and_comes_from_the_text(text: str, query: str) -> None:
    cut = snippet(text, query)
    assert len(cut) <= SNIPPET_CHARACTERS
    assert cut.strip("…") in " ".join(text.split()) or "…" in text


@given(st.text())
def test_nothing_printed_controls_a_terminal(text: str) -> None:
    assert all(
        character.isprintable() or character in "\n\t\u2028\u2029" or ord(character) >= 0xA0
        for character in plain(text)
    )
    assert "\n" not in one_line(text)
    one_line(text).encode()


def test_an_answer_numbers_its_citations() -> None:
    citation = Citation(
        chunk_id="chunk_1",
        document="docs/a.md",
        quote="Kept\nfor 30 days.",
        span=(0, 17),
        headings=("Policy",),
    )
    answer = Answer(
        answer="Kept for 30 days. [1]",
        citations=(citation,),
        trace_id="t1",
        release="release_1",
        model="extractive@1",
        prompt="prompt_1",
        generation="gen_1",
    )
    assert shown(show_answer, answer).splitlines() == [
        "Kept for 30 days. [1]",
        "",
        "[1] docs/a.md",
        "    Policy",
        "    “Kept for 30 days.”",
        "",
        "extractive@1 · trace t1",
        "headrace why t1",
    ]


def test_why_tells_a_past_once_and_counts_what_it_leaves_out() -> None:
    source = WhyNode(kind="source", ref="docs", label="docs", relation="from")
    document = WhyNode(
        kind="document",
        ref="docs/a.md",
        label="A",
        relation="part of",
        facts={"uri": "docs/a.md"},
        children=(source,),
    )
    chunks = tuple(
        WhyNode(kind="chunk", ref=f"chunk_{n}", label=f"words {n}", relation="cites", children=(document,))
        for n in range(33)
    )
    trace = WhyNode(kind="trace", ref="t1", label="ask t1", children=chunks)
    report = WhyReport(
        ref="t1", kind="trace", upstream=trace, downstream=WhyNode(kind="trace", ref="t1", label="ask")
    )
    text = shown(show_why, report)
    assert text.count("from source docs") == 1
    assert text.count("as above") == 29
    assert "… and 3 more" in text
    assert "└── nothing" in text
    assert "uri" not in text


def test_facts_are_flat_short_and_not_said_twice() -> None:
    facts = {
        "model": {"name": "small", "seed": 0},
        "span": [1, 20],
        "ok": True,
        "none": None,
        "said": "docs/a.md",
    }
    line = facts_line({**facts, "long": "y" * 300}, known="document docs/a.md")
    assert line.startswith("model.name small · model.seed 0 · span 1–20 · ok yes · long yyy")
    assert len(line) < 180


def test_at_lists_refs_or_says_that_there_were_none() -> None:
    ref = RefState(
        name="environment/production",
        artifact="release_1",
        seq=1,
        valid_from_us=1_772_357_400_000_000,
        actor="operator",
        reason="first sync",
        body={"model": "extractive@1"},
    )
    text = shown(show_at, AtReport(time_us=0, time="2026-03-02T00:00:00Z", refs=(ref,)))
    assert "environment/production  release_1" in text
    assert "since 2026-03-01 09:30:00 UTC, by operator, first sync" in text
    assert "headrace sync" in shown(show_at, AtReport(time_us=0, time="1990-01-01T00:00:00Z", refs=()))


def corpus_status(**changed: Any) -> CorpusStatus:
    values: dict[str, Any] = {
        "corpus": "handbook",
        "generation": "gen_1",
        "digest": "content_1",
        "recipe": "recipe_1",
        "embedder": "minilm",
        "documents": 1,
        "chunks": 2,
        "last_sync_us": 1_772_357_400_000_000,
        "last_sync_seconds": 2.5,
        "last_run": "run_1",
        "last_run_state": "done",
        "freshness_seconds": 90.0,
        "withheld": 0,
        "failures": (),
        "sources": ("docs",),
    }
    return CorpusStatus(**{**values, **changed})


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"generation": None, "last_sync_us": None}, "headrace sync --corpus handbook\n"),
        ({"withheld": 12}, "headrace sync --corpus handbook --confirm-deletes"),
        (
            {"failures": ({"document": "docs/x.pdf", "stage": "parse", "error": "damaged"},)},
            "the failed documents",
        ),
        ({"documents": 0}, "put some documents"),
    ],
)
def test_status_names_the_next_step(changed: dict[str, Any], step: str) -> None:
    report = StatusReport(
        workspace="/w",
        release=None,
        environment="production",
        ledger="sqlite",
        corpora=(corpus_status(**changed), corpus_status(corpus="well")),
        calls_today=1,
        storage_bytes={"index": 1_200_000},
    )
    text = shown(show_status, report)
    assert text.count("  next ") == 1
    assert step in text
    assert "sqlite, 1 call today" in text
    assert "index 1.2 MB" in text
    assert "sources read in full 1 min 30 s ago" in text
    assert max(map(len, text.splitlines())) <= 80


def test_units() -> None:
    seconds = [0.01, 0.44, 59.96, 60, 3599.6, 3600 * 26]
    assert [duration(value) for value in seconds] == [
        "< 0.1 s",
        "0.4 s",
        "1 min 0 s",
        "1 min 0 s",
        "1 h 0 min",
        "1 d 2 h",
    ]
    assert [size(value) for value in (0, 999, 1000, 1_500_000)] == ["0 B", "999 B", "1.0 kB", "1.5 MB"]
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(10**30).endswith("µs")
