"""Gate `toxicity` with a model: one that misbehaves loses no document, and nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.records.gates import GateVerdict
from tests.fakes import openai_server as fake
from tests.ingest.gates.documents import PROSE
from tests.workbench import Workbench, was_killed

GATE = """
[[corpus.docs.gates]]
name = "toxicity"
on_failure = "quarantine"
model = "small"
"""
FINE = json.dumps({"verdict": "acceptable", "score": 0.02, "category": "none", "quote": None})
INSULT = "You are as useless as a wet match"
BAD = json.dumps({"verdict": "toxic", "score": 0.9, "category": "insult", "quote": INSULT})
FAIR = fake.by_word({INSULT: fake.writing(lambda _: BAD)}, fake.writing(lambda _: FINE))
NAME = "gate:toxicity"


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


def judged(
    root: Path, server: fake.OpenAIServer, *, gates: str = GATE, extra: str = "", ledger: str | None = None
) -> Workbench:
    """A workbench whose documents a loopback model judges."""
    bench = Workbench(root)
    declare(bench, server, gates=gates, extra=extra, ledger=ledger)
    server.misbehave(FAIR)
    return bench


def declare(
    bench: Workbench,
    server: fake.OpenAIServer,
    *,
    gates: str = GATE,
    extra: str = "",
    ledger: str | None = None,
) -> None:
    """Write the configuration."""
    endpoint = (
        f'\n[models.small]\nbase_url = "{server.base_url}"\nmodel = "tiny"\n'
        "timeout_seconds = 0.3\nmax_retries = 1\nbackoff_seconds = 0.001\n"
        "price_per_million_input_tokens = 1.0\nprice_per_million_output_tokens = 1.0\n"
    )
    bench.configure(ledger=ledger, extra=gates + extra + endpoint)


def verdicts(bench: Workbench) -> dict[str, GateVerdict]:
    """What the gate said of each document that serves or waits, by file name."""
    from headrace.ledger import verdicts as rows

    with bench.open() as workspace, workspace.ledger.read() as conn:
        generation = workspace.releases.generation(conn, "docs")
        assert generation is not None
        found = rows.load(conn, generation)
        gates = rows.fingerprints(conn, [row.gates for row in found])
        return {row.uri.removeprefix("docs/"): rows.read(row, gates[row.gates])[0] for row in found}


def served(bench: Workbench) -> set[str]:
    """File names of what readers see."""
    return {row["document"].removeprefix("docs/") for row in bench.rows()}


def test_a_model_judges_and_a_second_run_asks_nothing(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = judged(tmp_path, server)
    bench.write("fine.md", PROSE)
    bench.write("copy.md", PROSE)
    bench.write("bad.md", f"{PROSE} {INSULT}, and so is your team.")
    with bench.open() as workspace:
        planned = workspace.plan()
    assert (planned.steps[NAME].calls, planned.steps[NAME].requests, len(server.requests)) == (2, 0, 0)
    assert planned.step_spend.cost_micro
    assert planned.step_spend.tokens == planned.step_spend.cost_micro
    report = bench.sync()
    assert (report.steps[NAME].calls, report.gates["toxicity"].failed) == (2, 1)
    assert (served(bench), report.quarantined) == ({"fine.md", "copy.md"}, 1)
    said = verdicts(bench)
    bad = said["bad.md"]
    assert (bad.verdict, bad.score, bad.reason) == ("fail", 0.9, "the model says insult")
    assert bad.evidence is not None
    text = (tmp_path / "docs" / "bad.md").read_text()
    assert text[bad.evidence.start : bad.evidence.end] == INSULT
    assert (said["fine.md"].verdict, said["fine.md"].score, said["fine.md"].reason) == ("pass", 0.02, None)
    asked = len(server.requests)
    assert bench.sync(verify=True).steps[NAME].calls == 0
    declare(bench, server, gates=GATE + "minimum_score = 0.95\n")
    again = bench.sync()
    assert (again.steps[NAME].calls, len(server.requests)) == (0, asked)
    assert served(bench) == {"fine.md", "copy.md", "bad.md"}


def test_a_judge_that_misbehaves_loses_no_document(tmp_path: Path, server: fake.OpenAIServer) -> None:
    wrong = {
        "prose": (fake.writing(lambda _: "Looks fine to me!"), "invalid"),
        "scale": (fake.writing(lambda _: FINE.replace("0.02", "7")), "invalid"),
        "refusal": (fake.refused, "refused"),
        "cut": (fake.writing(lambda _: FINE[:9], finish_reason="length"), "truncated"),
        "slow": (fake.slow(0.8), "timeout"),
        "rejected": (fake.error(422), "rejected"),
    }
    bench = judged(tmp_path, server, gates=GATE.replace("quarantine", "warn"))
    behaviours = {f"word {word}.": does for word, (does, _) in wrong.items()}
    server.misbehave(fake.by_word(behaviours, FAIR))
    for word in (*wrong, "well"):
        bench.write(f"{word}.md", f"{PROSE} A bastard page with the word {word}.")
    report = bench.sync()
    assert served(bench) == {f"{word}.md" for word in (*wrong, "well")}
    assert (report.failures, report.steps[NAME].failed, report.withheld_reason) == ((), len(wrong), "")
    said = verdicts(bench)
    assert said["well.md"].reason is None
    for word, (_, reason) in wrong.items():
        marked = said[f"{word}.md"].reason or ""
        assert marked.startswith(f"not judged ({reason}: "), word
        assert "by the word list alone, which is weak: 1 words of the word list" in marked
    with bench.open() as workspace:
        letters = workspace.steps.dead_letters(step=NAME).letters
        assert {item.document.split("/")[1][:-3]: item.reason for item in letters} == {
            word: reason for word, (_, reason) in wrong.items()
        }
        assert workspace.status().corpora[0].steps == {NAME: {"written": 1, "failed": len(wrong)}}
        nodes = workspace.why("docs/cut.md").upstream.children
        (node,) = [node for node in nodes if node.kind == "step"]
        assert (node.relation, node.label) == ("not judged for", "gate toxicity")
        asked = len(server.requests)
        assert workspace.sync().documents.unchanged == len(wrong) + 1
        assert len(server.requests) == asked
        server.misbehave(FAIR)
        retried = workspace.steps.retry(step=NAME)
        assert (retried.tried, retried.healed, retried.letters) == (len(wrong), len(wrong), ())
    assert {verdict.reason for verdict in verdicts(bench).values()} == {None}


def test_what_is_not_judged_can_wait_and_is_asked_for_again(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = judged(tmp_path, server, gates=GATE + 'unjudged = "fail"\n')
    bench.write("a.md", PROSE)
    bench.write("b.md", f"{PROSE} Refuse this.")
    server.misbehave(fake.by_word({"Refuse this": fake.refused}, fake.error(503)))
    report = bench.sync()
    assert (served(bench), report.quarantined, report.steps[NAME].waiting) == (set(), 2, 1)
    assert "1 document is not judged by the model of a gate. The next sync asks again." in report.warnings[0]
    assert (verdicts(bench)["b.md"].reason or "").startswith("not judged: refused: ")
    server.misbehave(fake.by_word({"Refuse this": fake.refused}, FAIR))
    assert (bench.sync().quarantined, served(bench)) == (1, {"a.md"})
    server.misbehave(FAIR)
    with bench.open() as workspace:
        assert workspace.steps.retry().healed == 1
    assert served(bench) == {"a.md", "b.md"}


def test_a_budget_leaves_the_rest_to_the_next_run(tmp_path: Path, server: fake.OpenAIServer) -> None:
    budget = "\n[corpus.docs.budget]\nstep_tokens = 1300\n"
    bench = judged(tmp_path, server, extra=budget)
    for number in range(4):
        bench.write(f"{number}.md", f"{PROSE} Page {number}.")
    with bench.open() as workspace:
        assert "they need" in workspace.plan().withheld_reason
    first = bench.sync()
    assert 0 < first.steps[NAME].calls < 4
    assert "not judged by the model of a gate" in first.withheld_reason
    assert len(served(bench)) == 4
    calls = first.steps[NAME].calls
    for _ in range(4):
        report = bench.sync()
        calls += report.steps[NAME].calls
        if not report.withheld_reason:
            break
    assert (calls, len(server.requests), report.withheld_reason) == (4, 4, "")
    assert {verdict.reason for verdict in verdicts(bench).values()} == {None}


def test_parts_quotes_and_what_no_model_sees(tmp_path: Path, server: fake.OpenAIServer) -> None:
    gates = '\n[[corpus.docs.gates]]\nname = "personal_data"\n' + GATE + "max_characters = 400\n"
    prompt = tmp_path / "prompts" / "judge.md"
    prompt.parent.mkdir()
    prompt.write_text("## user\nIs it toxic? {{ schema }} {{ text }}\n")
    bench = judged(tmp_path, server, gates=gates + 'prompt = "judge"\n')
    invented = fake.writing(lambda _: BAD.replace("wet match", "dry match"))
    server.misbehave(fake.by_word({"Invent": invented}, FAIR))
    paragraphs = "\n\n".join([PROSE[:300]] * 3)
    bench.write("long.md", f"Write to jo.smith@example.org.\n\n{paragraphs}\n\n{INSULT}.\n\n{paragraphs}")
    bench.write("invented.md", "Invent something that this page of the handbook does not say.")
    bench.sync()
    assert all("jo.smith" not in seen.said for seen in server.requests)
    assert any("[EMAIL_ADDRESS]" in seen.said and '"verdict"' in seen.said for seen in server.requests)
    with bench.open() as workspace:
        kept = {item.document: item for item in workspace.gates.quarantine.list().items}
        long = workspace.gates.quarantine.show("docs/long.md")
    assert long.excerpt is not None
    marked = long.excerpt.marked
    assert marked is not None
    assert long.excerpt.text[marked.start : marked.end] == INSULT
    invented_item = kept["docs/invented.md"]
    assert invented_item.evidence is None
    assert invented_item.reason == (
        "the model says insult; its quote does not stand in the text and is left out"
    )
    asked = len(server.requests)
    prompt.write_text("## user\nIs it really toxic? {{ schema }} {{ text }}\n")
    with bench.open() as workspace:
        assert workspace.gates.replay().corpora[0].judged == 2
        assert len(server.requests) == asked
        workspace.sync()
        assert len(server.requests) > asked
        workspace.forget("docs/long.md", reason="asked for")
        with workspace.ledger.read() as conn:
            from headrace.ledger.storage.tables.steps import step_outputs

            left = " ".join(row.output for row in conn.execute(step_outputs.select()))
    assert INSULT not in left


def test_a_file_is_tested_with_the_model_and_nothing_is_stored(
    tmp_path: Path, server: fake.OpenAIServer
) -> None:
    bench = judged(tmp_path, server)
    path = bench.write("bad.md", f"{PROSE} {INSULT}.")
    with bench.open() as workspace:
        (verdict,) = workspace.gates.test(path)
        assert (verdict.verdict, verdict.score) == ("fail", 0.9)
        assert workspace.gates.list().gates[0].thresholds["model"] == "small"
        with workspace.ledger.read() as conn:
            from headrace.ledger.storage.tables.steps import step_outputs

            assert conn.execute(step_outputs.select()).all() == []


def test_what_a_killed_sync_was_told_is_not_asked_again(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = judged(tmp_path, server)
    bench.write("fine.md", PROSE)
    bench.write("bad.md", f"{PROSE} {INSULT}.")
    killed = bench.sync_in_process(failpoints="steps.outputs_stored")
    assert was_killed(killed), killed.stderr
    assert len(server.requests) == 2
    assert (bench.sync().steps[NAME].calls, served(bench)) == (0, {"fine.md"})
