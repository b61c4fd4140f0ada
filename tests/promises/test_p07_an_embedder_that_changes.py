"""P7: a provider that changes is caught by sentinel texts, nothing of it is written, and reads go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from headrace.errors import UsageError
from headrace.infer.embedders.sentinels import TEXTS
from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench

CHANGES = {
    "another model": (fake.another_model(), "cosine"),
    "another name": (fake.renamed("tiny-2"), "'tiny-2'"),
    "another dimension": (fake.every_vector([0.5] * 7), "shape (7,)"),
    "zeros": (fake.every_vector([0.0] * 8), "zero"),
    "NaN": (fake.every_vector([float("nan")] * 8), "NaN"),
}


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, server: fake.OpenAIServer) -> Workbench:
    """A workspace whose page is indexed with a good embedder."""
    bench = Workbench(tmp_path)
    bench.configure(embedder="fake:tiny", extra=MODELS.format(url=server.base_url))
    bench.write("page.md", "The old revision about herons.")
    assert bench.sync().documents.added == 1
    return bench


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_stops_writes_and_not_reads(bench: Workbench, server: fake.OpenAIServer, name: str) -> None:
    behaviour, said = CHANGES[name]
    before = bench.rows()
    bench.write("page.md", "The new revision about herons.")
    bench.write("other.md", "A page about cranes.")
    server.misbehave(behaviour)
    report = bench.sync()
    assert (report.waiting, report.documents.failed, report.failures) == (2, 0, ())
    assert said in report.withheld_reason
    assert "headrace embed" in report.withheld_reason
    assert bench.rows() == before
    server.behave()
    asked = len(server.requests)
    with bench.open() as workspace:
        found = workspace.search("herons")
        assert workspace.status().corpora[0].embedder_blocked
    assert [hit.document for hit in found.hits] == ["docs/page.md"]
    assert "full text only" in found.warnings[0]
    again = bench.sync()
    assert again.waiting == 2
    assert said in again.withheld_reason
    assert len(server.requests) == asked


def test_a_block_is_lifted_by_a_check_that_passes(bench: Workbench, server: fake.OpenAIServer) -> None:
    bench.write("page.md", "The new revision about herons.")
    server.misbehave(fake.another_model())
    bench.sync()
    with bench.open() as workspace:
        assert [item.outcome for item in workspace.embeddings.check().checks] == ["changed"]
        server.behave()
        assert [item.outcome for item in workspace.embeddings.check().checks] == ["passed"]
        report = workspace.sync()
        found = workspace.search("herons")
        outcomes = [item.outcome for item in workspace.embeddings.history().checks]
    assert (report.documents.updated, report.withheld_reason, found.warnings) == (1, "", ())
    assert outcomes == ["passed", "passed", "changed", "changed", "recorded"]


def test_only_a_harmless_change_can_be_accepted(bench: Workbench, server: fake.OpenAIServer) -> None:
    bench.write("page.md", "The new revision about herons.")
    server.misbehave(fake.another_model())
    bench.sync()
    with bench.open() as workspace, pytest.raises(UsageError, match="another space"):
        workspace.embeddings.accept(reason="it will be all right")
    server.misbehave(fake.renamed("tiny-2"))
    with bench.open() as workspace:
        with pytest.raises(UsageError, match="for a reason"):
            workspace.embeddings.accept(reason=" ")
        (accepted,) = workspace.embeddings.accept(reason="the provider renamed it").checks
        report = workspace.sync()
        assert workspace.embeddings.accept(reason="once more").checks == ()
    assert (accepted.outcome, accepted.reason, accepted.models) == (
        "accepted",
        "the provider renamed it",
        ("tiny-2",),
    )
    assert (report.documents.updated, report.withheld_reason) == (1, "")


def test_a_revision_makes_a_generation_of_its_own(bench: Workbench, server: fake.OpenAIServer) -> None:
    server.misbehave(fake.another_model())
    bench.write("other.md", "A page about cranes.")
    before = bench.sync()
    assert before.withheld_reason
    bench.configure(embedder="fake:tiny", extra=MODELS.format(url=server.base_url) + 'revision = "2"\n')
    after = bench.sync()
    assert after.generation != before.generation
    assert (after.documents.added, after.withheld_reason) == (2, "")
    with bench.open() as workspace:
        assert workspace.search("cranes").warnings == ()


def test_a_model_that_changes_in_the_middle_of_a_run_is_caught_by_its_name(
    bench: Workbench, server: fake.OpenAIServer
) -> None:
    bench.write("other.md", "A page about cranes.")

    def later(seen: fake.Seen, reply: fake.Reply) -> fake.Reply:
        return reply if TEXTS[0] in seen.texts else fake.renamed("tiny-2")(seen, reply)

    server.misbehave(later)
    report = bench.sync()
    assert (report.waiting, report.embeddings.computed) == (1, 0)
    assert [row["document"] for row in bench.rows()] == ["docs/page.md"]


def test_nothing_is_asked_when_there_is_nothing_to_embed(bench: Workbench, server: fake.OpenAIServer) -> None:
    asked = len(server.requests)
    assert bench.sync().documents.unchanged == 1
    assert len(server.requests) == asked
    bench.write("copy.md", "The old revision about herons.")
    assert bench.sync().embeddings.reused == 1
    assert len(server.requests) == asked


def test_a_build_with_a_changed_embedder_writes_nothing(bench: Workbench, server: fake.OpenAIServer) -> None:
    bench.write("page.md", "A page about herons. " * 30)
    bench.sync()
    server.misbehave(fake.another_model())
    with bench.open() as workspace:
        built = workspace.index.build(recipe={"chunk_tokens": "16"})
        shown = workspace.index.show(built.generation)
    assert (built.state, built.chunks, built.embeddings.computed) == ("catching_up", 0, 0)
    assert "is blocked" in shown.history[-1].reason


def test_a_length_that_nobody_declared_may_not_change_either(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = Workbench(tmp_path)
    models = MODELS.format(url=server.base_url).replace("dimensions = 8\n", "")
    bench.configure(embedder="fake:tiny", extra=models)
    bench.write("page.md", "A page about herons.")
    first = bench.sync()
    server.dimension = 16
    report = bench.sync()
    assert "16 dimensions, before they had 8" in report.withheld_reason
    assert report.waiting == 1
    assert [len(row["vector"]) for row in bench.rows()] == [8]
    with bench.open() as workspace:
        found = workspace.search("herons")
    assert (found.generation, len(found.hits)) == (first.generation, 1)
    assert "full text only" in found.warnings[0]
    bench.configure(embedder="fake:tiny", extra=models + "dimensions = 16\n")
    with bench.open() as workspace:
        assert {check.outcome for check in workspace.embeddings.check().checks} == {"recorded"}
        workspace.sync()
    assert [len(row["vector"]) for row in bench.rows()] == [16]


def test_own_sentinels_are_asked_too(bench: Workbench, server: fake.OpenAIServer) -> None:
    text = (bench.root / "headrace.toml").read_text()
    own = text.replace('sources = ["docs"]', 'sources = ["docs"]\nsentinels = ["a word of our trade"]')
    (bench.root / "headrace.toml").write_text(own)
    with bench.open() as workspace:
        first = workspace.embeddings.check().checks
        assert "a word of our trade" in server.texts

    def ours(seen: fake.Seen, reply: fake.Reply) -> fake.Reply:
        at = seen.texts.index("a word of our trade")
        return fake.with_vector([1.0] * 8, at=at)(seen, reply)

    server.misbehave(ours)
    with bench.open() as workspace:
        second = workspace.embeddings.check().checks
    assert [item.outcome for item in (*first, *second)] == ["passed", "changed"]


def test_a_provider_that_throttles_costs_time_only(bench: Workbench, server: fake.OpenAIServer) -> None:
    for number in range(40):
        bench.write(f"many{number}.md", f"Page number {number} of many on the herons.")
    later = {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "20ms"}
    server.misbehave(fake.too_many(**later), times=1)
    extra = MODELS.format(url=server.base_url).replace("max_retries = 1", "max_retries = 4")
    bench.configure(embedder="fake:tiny", extra=f"{extra}max_batch_texts = 5\nmax_concurrency = 4\n")
    server.misbehave(fake.too_many(retry_after="0.02"), times=3)
    report = bench.sync()
    assert (report.documents.added, report.documents.failed, report.waiting) == (40, 0, 0)
    assert server.most_at_once <= 4
    vectors = {row["text"]: row["vector"] for row in bench.rows()}
    for text, vector in vectors.items():
        wanted = np.array(fake.vector_of(text, 8))
        np.testing.assert_allclose(vector, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_a_provider_that_is_down_is_not_a_change(bench: Workbench, server: fake.OpenAIServer) -> None:
    server.misbehave(fake.error(503))
    with bench.open() as workspace:
        (check,) = workspace.embeddings.check().checks
        assert (check.outcome, "503" in check.reason) == ("unreachable", True)
    server.behave()
    bench.write("other.md", "A page about cranes.")
    assert bench.sync().documents.added == 1


def test_a_refused_sentinel_leaves_the_others(bench: Workbench, server: fake.OpenAIServer) -> None:
    server.misbehave(fake.refusing("水车"))
    with bench.open() as workspace:
        assert [item.outcome for item in workspace.embeddings.check().checks] == ["passed"]
