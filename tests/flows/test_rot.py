"""Documents that were met often and did badly come first, and only those that surely did."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.flows.quality.parts import QualityParts
from headrace.flows.quality.report import rot_report
from headrace.flows.quality.rot import Exposure, Outcome, rotten, wilson_lower
from headrace.workspace import Workspace
from tests.workbench import Workbench

HANDBOOK = {
    "travel-2024.md": "# Travel\n\nReceipts of a trip are due sixty days after its end, says the office.",
    "travel-2025.md": "# Travel\n\nReceipts of a trip are due thirty days after its end, says the office.",
    "herons.md": "# Herons\n\nHerons stand in the millpond and wait for fish.",
}


def exposed(name: str, calls: int) -> list[Exposure]:
    """So many calls that met a document."""
    return [Exposure(("docs", name), f"{name}-{call}", call) for call in range(calls)]


def bad(name: str, calls: int, *, weight: float = 1.0) -> list[Outcome]:
    """So many of them went badly."""
    return [Outcome(("docs", name), f"{name}-{call}", "refused", weight) for call in range(calls)]


@settings(max_examples=60)
@given(st.integers(1, 5000), st.floats(0.001, 1))
def test_the_bound_is_wilsons(total: int, rate: float) -> None:
    bound = wilson_lower(rate * total, total)
    assert 0 <= bound <= rate
    # By definition: the rate at which what was seen lies 1.645 standard errors above what is expected.
    assert rate - bound == pytest.approx(1.6449 * math.sqrt(bound * (1 - bound) / total), abs=1e-6)


def test_the_bound_of_nothing_is_nought() -> None:
    assert wilson_lower(0, 0) == wilson_lower(0, 50) == 0


def test_a_document_met_twice_never_leads() -> None:
    exposures = [*exposed("twice", 2), *exposed("often", 60), *exposed("fine", 500), *exposed("few", 6)]
    outcomes = [*bad("twice", 2), *bad("often", 40), *bad("fine", 50), *bad("few", 6)]
    found = rotten(exposures, outcomes, minimum_exposures=1)
    assert [rot.name[1] for rot in found] == ["often", "few", "twice"]
    assert [rot.name[1] for rot in rotten(exposures, outcomes)] == ["often", "few"]
    assert found[0].example == "often-39"
    assert found[0].outcomes == {"refused": 40}


def test_a_call_counts_once_as_badly_as_its_worst_outcome_and_only_where_it_showed_the_document() -> None:
    exposures = exposed("a", 10) * 3
    outcomes = [*bad("a", 10, weight=0.5), *bad("a", 4, weight=1.0), *bad("b", 10)]
    outcomes += [Outcome(("docs", "a"), "a-99", "refused", 1.0), Outcome(("docs", "a"), "a-1", "thumb", -1.0)]
    (found,) = rotten(exposures, outcomes)
    assert (found.exposures, found.bad) == (10, 7.0)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which a superseded page was found ten times."""
    bench = Workbench(tmp_path_factory.mktemp("rot"))
    bench.configure(extra='[corpus.docs.access]\n"docs/travel-*" = ["staff"]\n"**" = ["public"]\n')
    for name, text in HANDBOOK.items():
        bench.write(name, text)
    with bench.open() as workspace:
        workspace.sync()
        for _ in range(10):
            workspace.search("receipts of a trip", k=2, access=["staff"])
        workspace.ask("When are the receipts of a trip due?", access=["staff", "public"])
        workspace.search("herons", k=1, access=["public"])
    return bench.root


def test_what_was_found_and_no_longer_holds_is_listed_with_a_call(asked: Path) -> None:
    with Workspace.open(asked) as workspace:
        report = workspace.quality.rot()
        assert report.calls == 12
        assert report.since is not None
        (found,) = report.documents
        assert found.document == "docs/travel-2024.md"
        assert found.outcomes["marked"] == found.exposures == 11
        assert found.marks == ("superseded",)
        assert found.at_least == pytest.approx(wilson_lower(11, 11), abs=1e-4)
        assert workspace.why(found.example).ref == found.example


def test_it_obeys_permissions_and_limits(asked: Path) -> None:
    with Workspace.open(asked) as workspace:
        assert not workspace.quality.rot(access=["public"]).documents
        assert len(workspace.quality.rot(access=["staff"]).documents) == 1
        assert not workspace.quality.rot(minimum_exposures=12).documents
        documents = {row.document for row in workspace.quality.list(access=["public"]).worst}
        assert documents == {"docs/herons.md"}
        worst = workspace.quality.list(limit=1)
        assert (worst.documents, worst.worst[0].document) == (3, "docs/travel-2024.md")
        assert worst.worst[0].weakest == "freshness"
        assert worst.worst[0].retrieved == 12  # an answer counts beside its search
        assert sum(worst.histogram) == 3


def test_signals_join_as_outcomes(asked: Path) -> None:
    with Workspace.open(asked) as workspace:
        corpora = workspace.config.corpora
        parts = QualityParts(
            ledger=workspace.ledger,
            events=workspace.events,
            releases=workspace.releases,
            qualities={name: item.quality for name, item in corpora.items()},
            rankings={name: item.ranking for name, item in corpora.items()},
        )
        traces = [span.trace_id for span in workspace.events.recent(kind="search")]
        thumbs = [Outcome(("docs", "docs/travel-2025.md"), trace, "thumb_down", 1.0) for trace in traces]
        report = rot_report(parts, ["docs"], limit=5, minimum_exposures=5, access=None, signals=thumbs)
        assert {row.document for row in report.documents} == {"docs/travel-2024.md", "docs/travel-2025.md"}
        (found,) = (row for row in report.documents if row.document.endswith("2025.md"))
        assert found.outcomes["thumb_down"] == found.exposures
