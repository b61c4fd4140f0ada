"""What no longer holds comes after what holds, and says so; nothing of it is hidden unless asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.records.search import SearchResult
from tests.workbench import Workbench

TRAVEL = (
    "# Travel policy\n\nEmployees may book trains in second class. Flights need the approval of a manager. "
    "Receipts are due within {days} days after the trip ends.\n"
)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Two versions of a policy and another document."""
    found = Workbench(tmp_path)
    found.write("travel-2024.md", TRAVEL.format(days=60))
    found.write("travel-2025.md", TRAVEL.format(days=30))
    found.write("trains.md", "Trains leave from the station every hour; receipts come by mail.")
    return found


def order(found: SearchResult) -> list[str]:
    """The documents of hits, best first, each once."""
    return list(dict.fromkeys(hit.document.removeprefix("docs/") for hit in found.hits))


def test_an_older_version_comes_after_the_newer_one_and_names_it(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        hits = workspace.search("receipts are due within 60 days after the trip").hits
    documents = [hit.document for hit in hits]
    assert documents.index("docs/travel-2025.md") < documents.index("docs/travel-2024.md")
    old = hits[documents.index("docs/travel-2024.md")]
    assert (old.marks, old.superseded_by) == (("superseded",), "docs/travel-2025.md")
    new = hits[documents.index("docs/travel-2025.md")]
    assert (new.marks, new.superseded_by, new.valid_to, new.age_days) == ((), None, None, 0)
    assert new.modified_at is not None


def test_the_newer_one_is_found_beyond_the_candidates_and_the_first_hits(bench: Workbench) -> None:
    section = "Receipts are due within sixty days after the trip ends, says section {} of the travel policy."
    old = "\n\n".join(section.format(f"a{number}") for number in range(150))
    new = "\n\n".join(section.format(f"a{number}").replace("sixty", "thirty") for number in range(150))
    bench.write("travel-2024.md", old)
    bench.write("travel-2025.md", new.replace("Receipts", "Papers"))
    bench.sync()
    with bench.open() as workspace:
        hits = workspace.search("receipts sixty", k=3).hits
    assert hits[0].document == "docs/travel-2025.md"
    assert "superseded" in hits[-1].marks or all(hit.document == "docs/travel-2025.md" for hit in hits)


def test_a_query_that_names_a_version_gets_it(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        found = workspace.search("receipts of trips under the travel policy of 2024 within 60 days")
        assert order(found)[0] == "travel-2024.md"
        assert found.hits[0].marks == ("superseded",)
        assert "60 days" in workspace.ask("Within how many days were receipts due under travel 2024?").answer


def test_an_answer_does_not_quote_what_was_replaced(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        answer = workspace.ask("Within how many days are receipts due after the trip ends?")
    assert {citation.document for citation in answer.citations} == {"docs/travel-2025.md"}
    assert "30 days" in answer.answer


def test_marks_go_with_the_newer_version(bench: Workbench) -> None:
    bench.sync()
    (bench.root / "docs" / "travel-2025.md").unlink()
    bench.sync()
    with bench.open() as workspace:
        assert all(hit.marks == () for hit in workspace.search("receipts").hits)


def test_documents_alike_that_are_no_versions_are_not_marked(bench: Workbench) -> None:
    text = "# Runbook\n\nPage the engineer on call, look at the dashboard, restart {}, then write it down."
    bench.write("runbook-search.md", text.format("the search nodes"))
    bench.write("runbook-billing.md", text.format("the billing worker"))
    review = (
        "# Review\n\nRevenue was {} EUR, churn was {} percent, and hiring went as planned in this quarter."
    )
    bench.write("review-2025-q1.md", review.format(100, 3))
    bench.write("review-2025-q2.md", review.format(120, 4))
    bench.write("figures-2025-q3.md", review.format(130, 5))
    bench.write("figures-2025-q4.md", review.format(140, 6))
    bench.sync()
    with bench.open() as workspace:
        marked = {
            hit.document
            for hit in workspace.search("runbook review revenue receipts", k=50).hits
            if hit.marks
        }
    assert marked == {"docs/travel-2024.md"}


def test_expired_is_demoted_and_shown_or_hidden_if_so_configured(bench: Workbench) -> None:
    bench.write(
        "offer.md", "---\nvalid_to: 2024-06-30\n---\nTrains receipts offer: trains cost half, receipts too."
    )
    bench.sync()
    with bench.open() as workspace:
        found = workspace.search("trains receipts offer").hits
        hit = next(hit for hit in found if hit.document == "docs/offer.md")
        assert hit.marks == ("expired",)
        assert hit.valid_to == "2024-06-30T23:59:59Z"
        assert found[0].document != "docs/offer.md"
    bench.configure(extra="[corpus.docs.ranking]\nhide_expired = true\n")
    with bench.open() as workspace:
        assert "offer.md" not in order(workspace.search("trains receipts offer"))
    bench.configure(extra="[corpus.docs.ranking]\nexpired = 1.0\n")
    with bench.open() as workspace:
        assert order(workspace.search("trains receipts offer"))[0] == "offer.md"


def test_what_does_not_hold_yet_is_demoted(bench: Workbench) -> None:
    bench.write(
        "next.md", "---\nvalid_from: 2999-01-01\n---\nReceipts receipts receipts of trains by pigeon."
    )
    bench.write("travel-2099.md", TRAVEL.format(days=5))
    bench.sync()
    with bench.open() as workspace:
        hits = {hit.document: hit for hit in workspace.search("receipts").hits}
    assert hits["docs/next.md"].marks == ("upcoming",)
    assert hits["docs/travel-2099.md"].marks == ("upcoming",)
    assert hits["docs/travel-2025.md"].marks == ()
    assert hits["docs/travel-2024.md"].superseded_by == "docs/travel-2025.md"


def test_deprecated_by_the_document_by_a_rule_and_by_hand(bench: Workbench) -> None:
    bench.write(
        "old/a.md", "---\nsuperseded_by: ../trains.md\n---\nTrains were pulled by horses; receipts on clay."
    )
    bench.write("old/b.md", "---\ndeprecated: see the wiki\n---\nReceipts of horses.")
    bench.write("archive/c.md", "Receipts of carts.")
    bench.configure(extra='[corpus.docs.ranking]\ndeprecate = ["archive/**"]\n')
    bench.sync()
    with bench.open() as workspace:
        workspace.deprecate("travel-2025.md", by="trains.md", reason="no more trips")
        hits = {hit.document.removeprefix("docs/"): hit for hit in workspace.search("receipts", k=20).hits}
        assert (hits["old/a.md"].marks, hits["old/a.md"].superseded_by) == (("superseded",), "docs/trains.md")
        assert (hits["old/b.md"].marks, hits["old/b.md"].superseded_by) == (("deprecated",), None)
        assert hits["archive/c.md"].marks == ("deprecated",)
        assert hits["travel-2025.md"].marks == ("superseded", "deprecated")
        assert hits["travel-2024.md"].superseded_by == "docs/trains.md"
        assert hits["trains.md"].rank < min(hits["travel-2025.md"].rank, hits["old/a.md"].rank)
        workspace.deprecate("docs/docs/travel-2025.md", undo=True)
        hits = {hit.document.removeprefix("docs/"): hit for hit in workspace.search("receipts", k=20).hits}
        assert hits["travel-2025.md"].marks == ()


def test_a_declaration_must_make_sense(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        with pytest.raises(NotFoundError):
            workspace.deprecate("nothing.md")
        with pytest.raises(NotFoundError):
            workspace.deprecate("trains.md", by="nothing.md")
        with pytest.raises(UsageError, match="itself"):
            workspace.deprecate("trains.md", by="docs/trains.md")
        with pytest.raises(UsageError, match="undo"):
            workspace.deprecate("trains.md", reason="x", undo=True)


@pytest.mark.parametrize("rule", ['deprecate = ["**"]', "superseded = 1.5", "superceded = 0.1"])
def test_a_ranking_that_makes_no_sense_is_refused(bench: Workbench, rule: str) -> None:
    bench.configure(extra=f"[corpus.docs.ranking]\n{rule}\n")
    with pytest.raises(ConfigError):
        bench.open()


def test_a_newer_version_that_the_caller_may_not_see_is_not_named(bench: Workbench) -> None:
    bench.configure(extra='[corpus.docs.access]\n"travel-2025.md" = ["hr"]\n"*" = ["public"]\n')
    bench.sync()
    with bench.open() as workspace:
        found = workspace.search("due days").hits
        outside = {(hit.marks, hit.superseded_by) for hit in found if hit.document == "docs/travel-2024.md"}
        assert outside == {(("superseded",), None)}
        seen = workspace.search("due days", access=["hr"]).hits
        assert {hit.superseded_by for hit in seen if hit.document == "docs/travel-2024.md"} == {
            "docs/travel-2025.md"
        }


def test_as_of_a_time_what_held_then_comes_first(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        then = workspace.search("receipts due after the trip", as_of="2024-07-01")
        assert order(then)[0] == "travel-2024.md"
        assert then.hits[0].marks == ()
        assert "no longer kept" in then.warnings[0]
        assert "60 days" in workspace.ask("When are receipts due after the trip?", as_of="2024-07-01").answer
        assert workspace.search("receipts", as_of="now").warnings == ()
        assert (
            order(workspace.search("receipts due after the trip", as_of="2999-01-01"))[0] == "travel-2025.md"
        )
        with pytest.raises(UsageError, match="soon"):
            workspace.search("receipts", as_of="soon")


def test_as_of_a_time_whose_index_is_kept_reads_that_index(bench: Workbench) -> None:
    bench.sync()
    with bench.open() as workspace:
        moment = datetime.fromtimestamp(workspace.ledger.write(lambda tx: tx.now_us) / 1e6, UTC)
    bench.write("trains.md", "Trains were replaced by buses; receipts are printed.")
    (bench.root / "docs" / "travel-2024.md").unlink()
    bench.sync()
    with bench.open() as workspace:
        then = workspace.search("trains leave from the station every hour", as_of=moment)
        assert then.warnings == ()
        assert then.hits[0].text.startswith("Trains leave")
        assert "travel-2024.md" not in order(then), "deleted since, so nobody can say who may see it"
        assert workspace.search("trains", k=1).hits[0].text.startswith("Trains were replaced")
