"""Steps in a sync: fields that can be filtered, outputs that are asked for once, lineage."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from headrace.errors import ConfigError, HeadraceError
from headrace.records.explain import WhyNode
from tests.fakes import openai_server as fake
from tests.ingest.steps.workbench import EXTRACT, GOOD, calls, metadata, stepped, texts
from tests.workbench import Workbench

CLASSIFY = '[[corpus.docs.steps]]\nname = "t"\nkind = "classify"\nprompt = "facts"\nlabels = ["a", "b"]\n'


def _pages(bench: Workbench, number: int = 3) -> None:
    for place in range(number):
        bench.write(f"{place}.md", f"# Page {place}\n\nHerons of page {place}.")


def _node(node: WhyNode, kind: str) -> list[WhyNode]:
    found = [node] if node.kind == kind else []
    return found + [deeper for child in node.children for deeper in _node(child, kind)]


def test_fields_are_typed_filtered_and_say_who_wrote_them(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    _pages(bench)
    report = bench.sync()
    assert report.documents.added == 3
    assert (report.steps["facts"].calls, report.steps["facts"].requests) == (3, 3)
    with bench.open() as workspace:
        found = workspace.search(
            "herons", filter="year >= 2020 and since < '2020-04-01' and category = 'bird'"
        )
        assert len(found.hits) == 3
        (node,) = _node(workspace.why("docs/0.md").upstream, "step")
        (shown,) = workspace.steps.list().steps
    assert node.facts["model"] == shown.model == "small:tiny"
    assert (node.facts["prompt"], node.facts["schema"]) == (shown.prompt_digest, shown.schema_digest)
    assert list(node.facts["fields"]) == ["category", "since", "year"]
    assert shown.documents == {"written": 3}


def test_nothing_is_asked_twice(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    _pages(bench)
    docs = tmp_path / "docs"
    with bench.open() as workspace:
        first = workspace.sync()
        assert len(calls(server)) == 3
        assert workspace.sync(verify=True).digest == first.digest
        (docs / "0.md").rename(docs / "moved.md")
        (docs / "again.md").write_text((docs / "1.md").read_text())
        assert workspace.sync().documents.moved == 1
        (docs / "1.md").unlink()
        workspace.sync()
        (docs / "again.md").rename(docs / "1.md")
        (docs / "moved.md").rename(docs / "0.md")
        assert workspace.sync().digest == first.digest
    assert len(calls(server)) == 3


def test_an_edited_prompt_asks_only_its_own_step_again(tmp_path: Path, server: fake.OpenAIServer) -> None:
    both = EXTRACT + '\n[[corpus.docs.steps]]\nname = "kind"\nkind = "classify"\nlabels = ["bird", "mill"]\n'
    bench = stepped(tmp_path, server, steps=both, prompts={"kind": "One of {{ labels }}: {{ text }}"})
    kinds = fake.by_word({"One of": fake.writing(lambda _: "Bird.")}, fake.writing(lambda _: GOOD))
    server.misbehave(kinds)
    _pages(bench)
    first = bench.sync()
    assert len(calls(server)) == 6
    assert metadata(bench)["0.md"]["kind"] == "bird"
    prompt = tmp_path / "prompts" / "facts.md"
    before = prompt.read_text()
    prompt.write_text("## user\nThe facts, please: {{ text }}\n")
    with bench.open() as workspace:
        planned = workspace.plan().steps
    edited = bench.sync()
    assert edited.generation != first.generation
    assert (planned["facts"].calls, planned["kind"].calls) == (3, 0)
    assert (edited.steps["facts"].calls, edited.steps["kind"].calls) == (3, 0)
    assert edited.embeddings.computed == 0
    assert len(calls(server)) == 9
    prompt.write_text(before)
    assert bench.sync().digest == first.digest
    assert len(calls(server)) == 9


def test_a_rebuilt_index_reads_what_was_written(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    _pages(bench)
    first = bench.sync()
    with bench.open() as workspace:
        built = workspace.index.build(fresh=True)
    assert built.digest == first.digest
    assert len(calls(server)) == 3


def test_steps_belong_to_the_recipe_and_no_steps_change_nothing(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    plain = Workbench(tmp_path)
    _pages(plain)
    bare = plain.sync()
    bench = stepped(tmp_path, server)
    with_steps = bench.sync()
    assert with_steps.generation != bare.generation
    plain.configure()
    back = plain.sync()
    assert (back.generation, back.digest) == (bare.generation, bare.digest)


def test_plan_counts_what_sync_does(tmp_path: Path, server: fake.OpenAIServer) -> None:
    prices = "price_per_million_input_tokens = 1.0\nprice_per_million_output_tokens = 2.0\n"
    bench = stepped(tmp_path, server, model=prices)
    _pages(bench, 5)
    bench.write("twin.md", (tmp_path / "docs" / "0.md").read_text())
    with bench.open() as workspace:
        planned = workspace.plan()
        assert not calls(server)
        report = workspace.sync()
        after = workspace.plan()
    count, done = planned.steps["facts"], report.steps["facts"]
    assert (count.calls, count.reused) == (done.calls, done.reused) == (5, 1)
    assert planned.step_spend.tokens == count.input_tokens + count.output_tokens > 0
    assert done.cost_micro == 5 * (11 + 2 * 7)
    assert (after.steps["facts"].calls, after.digest) == (0, report.digest)


def test_any_batching_gives_the_same_digest(
    tmp_path: Path, server: fake.OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for name, size in (("whole", 512), ("pairs", 2)):
        monkeypatch.setattr("headrace.ingest.sync.prepare._BATCH_DOCUMENTS", size)
        bench = stepped(tmp_path / name, server)
        server.misbehave(fake.writing(lambda said: GOOD.replace("bird", f"b{said.count('e')}")))
        _pages(bench, 5)
        digests.add(bench.sync().digest)
        shutil.rmtree(tmp_path / name)
    assert len(digests) == 1


def test_a_cleaned_text_is_what_is_chunked_and_later_steps_read_it(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    clean = '\n[[corpus.docs.steps]]\nname = "tidy"\nkind = "clean"\nmax_characters = 200\n'
    bench = stepped(tmp_path, server, steps=clean + EXTRACT, prompts={"tidy": "Tidy: {{ text }}"})
    tidied = fake.writing(lambda said: said.removeprefix("Tidy: ").replace("BUY NOW", "").strip())
    server.misbehave(fake.by_word({"Tidy": tidied}, fake.writing(lambda _: GOOD)))
    body = "\n\n".join(f"## Part {place}\n\nHerons stand in the water. BUY NOW" for place in range(8))
    bench.write("a.md", f"# Herons\n\n{body}\n")
    with bench.open() as workspace:
        planned = workspace.plan().steps
    report = bench.sync()
    assert planned["tidy"].calls == report.steps["tidy"].calls > 1
    assert (planned["facts"].calls, report.steps["facts"].calls) == (1, 1)
    assert "BUY NOW" not in "".join(texts(bench, "a.md"))
    assert any("Part 7" in text for text in texts(bench, "a.md"))
    assert "BUY NOW" not in calls(server)[-1].said
    with bench.open() as workspace:
        hits = workspace.search("herons water").hits
    assert any("Part" in heading for hit in hits for heading in hit.headings)


def test_a_text_that_a_cleaning_loses_is_kept(tmp_path: Path, server: fake.OpenAIServer) -> None:
    clean = '\n[[corpus.docs.steps]]\nname = "tidy"\nkind = "clean"\n'
    bench = stepped(tmp_path, server, steps=clean, prompts={"tidy": "Tidy: {{ text }}"})
    server.misbehave(fake.writing(lambda _: "Short."))
    bench.write("a.md", "Herons stand in the water, and they stand there for a long time.")
    assert bench.sync().steps["tidy"].failed == 1
    assert "Herons stand" in texts(bench, "a.md")[0]


def test_a_summary_is_a_chunk_with_its_own_name(tmp_path: Path, server: fake.OpenAIServer) -> None:
    summarise = '\n[[corpus.docs.steps]]\nname = "short"\nkind = "summarise"\n'
    bench = stepped(tmp_path, server, steps=summarise, prompts={"short": "Short: {{ text }}"})
    server.misbehave(fake.writing(lambda _: "Tall grey birds wade."))
    bench.write("a.md", "# Herons\n\nHerons stand in the water.")
    bench.sync()
    with bench.open() as workspace:
        hit = next(hit for hit in workspace.search("tall grey birds wade").hits if "grey" in hit.text)
        assert (hit.span, hit.headings) == ((0, 0), ("Written by step short",))
        (node,) = _node(workspace.why(hit.chunk_id).upstream, "step")
    assert list(node.facts["fields"]) == ["chunks"]
    quoted = 'They wade [1: "Tall grey birds wade."].'
    server.misbehave(fake.writing(lambda _: quoted))
    with bench.open() as workspace:
        (citation,) = workspace.ask("What do tall grey birds do?", k=1).citations
    assert (citation.span, citation.quote) == ((0, 0), "Tall grey birds wade.")


def test_thousands_of_labels_are_narrowed_down_first(tmp_path: Path, server: fake.OpenAIServer) -> None:
    step = '\n[[corpus.docs.steps]]\nname = "topic"\nkind = "classify"\nlabels_file = "topics.txt"\n'
    prompt = {"topic": "Labels: {{ labels }}\nText: {{ text }}"}
    bench = stepped(tmp_path, server, steps=step + "candidates = 8\n", prompts=prompt)
    topics = [*(f"topic number {place}" for place in range(3000)), "herons"]
    (tmp_path / "topics.txt").write_text("\n".join(topics))
    server.misbehave(fake.writing(lambda said: "herons" if "'herons'" in said else "{}"))
    bench.write("a.md", "herons herons herons")
    bench.sync()
    assert metadata(bench)["a.md"]["topic"] == "herons"
    (seen,) = calls(server)
    assert seen.said.count("'") == 2 * 8
    bench.write("b.md", "herons")
    bench.sync()
    assert len(calls(server)) == 2


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (EXTRACT.replace('schema = "facts"', ""), "needs the key `schema`"),
        (EXTRACT + 'model = "extractive"\n', "only quotes sentences"),
        (EXTRACT.replace("extract", "classify", 1).replace('schema = "facts"', ""), "labels_file"),
        (EXTRACT + 'into = "text"\n', "cannot write"),
        (EXTRACT.replace("category", "colour"), "which it does not write"),
        (EXTRACT + EXTRACT, "twice"),
        (EXTRACT + 'prompt = "nowhere"\n', "No prompt 'nowhere'"),
        (
            '[[corpus.docs.steps]]\nname="t"\nkind="classify"\nprompt="facts"\nlabels=["a","b"]\nmultiple=true\n',
            "list",
        ),
    ],
)
def test_a_wrong_step_says_what_is_wrong(
    tmp_path: Path, server: fake.OpenAIServer, steps: str, said: str
) -> None:
    bench = stepped(tmp_path, server, steps=steps)
    bench.write("a.md", "Herons.")
    with pytest.raises(HeadraceError) as caught:
        bench.sync()
    assert isinstance(caught.value, ConfigError)
    assert said in caught.value.message


def test_a_column_that_prompts_use_is_missed(tmp_path: Path, server: fake.OpenAIServer) -> None:
    columns = 'metadata = ["author", "author_name"]'
    source = f'{{ type = "records", path = "rows.jsonl", text = "body", id = "id", {columns} }}'
    prompt = {"facts": "{{ metadata.author }} says: {{ text }}"}
    bench = stepped(tmp_path, server, sources=source, prompts=prompt)
    rows = tmp_path / "rows.jsonl"
    other = '{"id": "2", "body": "Mills.", "author_name": "A mill"}\n'
    rows.write_text('{"id": "1", "body": "Herons.", "author": "A heron"}\n' + other)
    assert bench.sync().warnings == ()
    assert sorted(seen.said for seen in calls(server)) == ["A heron says: Herons.", "says: Mills."]
    rows.write_text('{"id": "1", "body": "Herons.", "author": 7}\n' + other)
    (warned,) = bench.sync().warnings
    assert "'author'" in warned
    assert "held texts in 1 document and holds numbers" in warned
    rows.write_text('{"id": "1", "body": "Herons.", "author_name": "A heron"}\n' + other)
    (gone,) = bench.sync().warnings
    assert "'author'" in gone
    assert "1 document had it. Was it renamed to 'author_name'?" in gone
    assert bench.sync().warnings == (gone,)


def test_accuracy_is_measured_on_what_serves(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    _pages(bench, 4)
    bench.sync()
    right = {"category": "bird", "year": 2020, "since": "2020-03-01T00:00:00Z"}
    sample = [{"document": f"docs/{place}.md", "expected": right} for place in range(3)]
    sample.append({"document": "docs/3.md", "expected": {"category": "mill", "year": None}})
    sample.append({"document": "docs/gone.md", "expected": right})
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text("\n".join(map(json.dumps, sample)))
    asked = len(calls(server))
    with bench.open() as workspace:
        report = workspace.steps.accuracy("facts", labelled)
        assert workspace.steps.accuracy_of("facts", sample) == report
        with pytest.raises(HeadraceError, match="'colour'"):
            workspace.steps.accuracy_of("facts", [{"document": "a", "expected": {"colour": 1}}])
    assert (report.sample, report.missing, len(calls(server))) == (5, ("docs/gone.md",), asked)
    measured = {field.field: field for field in report.fields}
    category, year, since = (measured[name] for name in ("category", "year", "since"))
    assert (category.n, category.correct, category.exact_match) == (4, 3, 0.75)
    assert (category.exact_match_low, category.exact_match_high) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert (year.expected, year.written, year.precision, year.recall) == (3, 4, 0.75, 1.0)
    assert (since.n, since.correct) == (3, 3)


def test_a_rollback_is_kept_in_step_by_its_own_steps(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    _pages(bench, 1)
    first = bench.sync()
    prompt = tmp_path / "prompts" / "facts.md"
    prompt.write_text("## user\nOther facts of: {{ text }}\n")
    second = bench.sync()
    bench.write("new.md", "A new page.")
    bench.sync()
    with bench.open() as workspace:
        workspace.index.rollback()
        assert workspace.status().corpora[0].generation == first.generation
        asked = len(calls(server))
        assert workspace.sync().generation == first.generation
        assert workspace.status().corpora[0].steps == {"facts": {"written": 2}}
    assert second.generation != first.generation
    assert len(calls(server)) == asked
