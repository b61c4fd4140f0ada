"""A model that misbehaves: every document is served, every failure is a dead letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import openai_server as fake
from tests.ingest.steps.workbench import EXTRACT, GOOD, calls, metadata, stepped

GOOD_REPLY = fake.writing(lambda _: GOOD)
LETTERS = {
    "prose": (fake.writing(lambda _: "I am sorry, I cannot do that."), "invalid", 2),
    "types": (fake.writing(lambda _: '{"category": 1, "year": "then"}'), "invalid", 2),
    "date": (fake.writing(lambda _: GOOD.replace("2020-03-01", "in March")), "invalid", 2),
    "more": (fake.writing(lambda _: GOOD.replace("}", ', "extra": 1}')), "invalid", 2),
    "refusal": (fake.refused, "refused", 1),
    "cut": (fake.writing(lambda _: GOOD[:20], finish_reason="length"), "truncated", 1),
    "slow": (fake.slow(0.8), "timeout", 0),
    "rejected": (fake.error(422), "rejected", 0),
}
"""Word of a document to what the model does with it, the reason of its letter, and its attempts."""
MENDED = {
    "fenced": fake.writing(lambda _: f"```json\n{GOOD}\n```"),
    "comma": fake.writing(lambda _: GOOD.replace("}", ",}")),
    "reasked": fake.writing(lambda said: GOOD if "cannot be used" in said else "{}"),
}


def test_everything_that_can_go_wrong(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server, model="max_concurrency = 16\n")
    wrong = {word: behaviour for word, (behaviour, _, _) in LETTERS.items()}
    server.misbehave(
        fake.by_word({f"word {word}.": does for word, does in (wrong | MENDED).items()}, GOOD_REPLY)
    )
    server.misbehave(fake.too_many(retry_after="0.01"), times=1)
    for word in (*LETTERS, *MENDED, "well"):
        bench.write(f"{word}.md", f"A page with the word {word}.")
    report = bench.sync()
    served = metadata(bench)
    count = report.steps["facts"]
    assert report.documents.added == len(served) == len(LETTERS) + len(MENDED) + 1
    assert report.failures == ()
    assert (count.failed, count.repaired, count.waiting) == (len(LETTERS), 2, 0)
    for word in LETTERS:
        assert (served[f"{word}.md"]["category"], "year" in served[f"{word}.md"]) == ("unknown", False)
    for word in (*MENDED, "well"):
        assert (served[f"{word}.md"]["category"], served[f"{word}.md"]["year"]) == ("bird", 2020)
    with bench.open() as workspace:
        letters = {item.document.split("/")[1][:-3]: item for item in workspace.steps.dead_letters().letters}
        status = workspace.status().corpora[0]
    found = {word: (letter.reason, len(letter.attempts)) for word, letter in letters.items()}
    assert found == {word: (reason, attempts) for word, (_, reason, attempts) in LETTERS.items()}
    assert letters["types"].attempts[0].text == '{"category": 1, "year": "then"}'
    assert {problem["path"] for problem in letters["types"].attempts[0].problems} == {"/category", "/year"}
    assert status.steps == {"facts": {"written": len(MENDED) + 1, "failed": len(LETTERS)}}
    asked = len(calls(server))
    again = bench.sync()
    assert (len(calls(server)), again.documents.unchanged) == (asked, len(served))
    assert bench.sync(verify=True).steps["facts"].calls == 0
    assert len(calls(server)) == asked
    server.misbehave(GOOD_REPLY)
    with bench.open() as workspace:
        retried = workspace.steps.retry(step="facts")
        assert (retried.tried, retried.healed, retried.letters) == (len(LETTERS), len(LETTERS), ())
    assert all(row["category"] == "bird" for row in metadata(bench).values())
    assert len(calls(server)) == asked + len(LETTERS)


def test_the_second_question_is_short_whatever_was_written(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    server.misbehave(fake.writing(lambda _: "x" * 100_000))
    bench.write("a.md", "Herons.")
    bench.sync()
    first, second = calls(server)
    assert len(second.said) < len(first.said) + 5000
    assert "it is not JSON" in second.said


@pytest.mark.parametrize("outage", [fake.dropped, fake.slow(0.4)])
def test_an_outage_is_no_dead_letter(
    tmp_path: Path, server: fake.OpenAIServer, outage: fake.Behaviour
) -> None:
    bench = stepped(tmp_path, server, model="max_concurrency = 16\n")
    server.misbehave(outage)
    for number in range(3):
        bench.write(f"{number}.md", f"Page {number}.")
    report = bench.sync()
    assert (report.documents.added, report.steps["facts"].waiting) == (3, 3)
    assert "3 documents are served without what steps write" in report.warnings[0]
    with bench.open() as workspace:
        assert workspace.steps.dead_letters().letters == ()
    assert not any("category" in row for row in metadata(bench).values())
    if outage in (fake.dropped,):
        still = bench.sync()
        assert (still.documents.unchanged, still.commits) == (3, 0)
    server.misbehave(GOOD_REPLY)
    healed = bench.sync()
    assert (healed.documents.updated, healed.steps["facts"].waiting) == (3, 0)
    assert all(row["category"] == "bird" for row in metadata(bench).values())
    asked = len(calls(server))
    assert bench.sync().documents.unchanged == 3
    assert len(calls(server)) == asked


def test_a_budget_stops_and_the_rest_waits(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server, extra="\n[corpus.docs.budget]\nstep_tokens = 600\n")
    for number in range(4):
        bench.write(f"{number}.md", f"Page {number}.")
    with bench.open() as workspace:
        assert "600 tokens" in workspace.plan().withheld_reason
    report = bench.sync()
    assert report.documents.added == 4
    assert (report.steps["facts"].calls, report.steps["facts"].waiting) == (2, 2)
    assert "600 tokens, is reached" in report.withheld_reason
    assert report.step_spend.budget == "600 tokens"
    second = bench.sync()
    assert (second.steps["facts"].calls, second.withheld_reason) == (2, "")
    assert len(calls(server)) == 4
    (tmp_path / "prompts" / "facts.md").write_text("## user\nOther facts of: {{ text }}\n")
    with bench.open() as workspace:
        built = workspace.index.build()
        assert (built.state, built.documents) == ("catching_up", 4)
        assert "600 tokens, is reached" in workspace.index.show(built.generation).history[-1].reason


def test_money_needs_prices(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server, extra='\n[corpus.docs.budget]\nstep_money = "1.00 USD"\n')
    bench.write("a.md", "Herons.")
    with pytest.raises(Exception, match="needs the prices of model 'small'"):
        bench.sync()


def test_a_failed_text_that_is_corrected_leaves_no_letter(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = stepped(tmp_path, server)
    server.misbehave(fake.by_word({"bad": fake.writing(lambda _: "{}")}, GOOD_REPLY))
    bench.write("a.md", "A bad page.")
    bench.write("b.md", "A bad page.")
    assert bench.sync().steps["facts"].failed == 2
    bench.write("a.md", "A good page.")
    bench.sync()
    with bench.open() as workspace:
        (letter,) = workspace.steps.dead_letters().letters
    assert letter.document == "docs/b.md"
    prompt = tmp_path / "prompts" / "facts.md"
    prompt.write_text("## user\nThe facts of: {{ text.replace('bad', 'worse') }}\n")
    assert bench.sync().steps["facts"].failed == 0


def test_a_prompt_that_cannot_be_rendered_is_a_letter(tmp_path: Path, server: fake.OpenAIServer) -> None:
    prompt = {"facts": "{{ text.split('|')[1] }}"}
    bench = stepped(tmp_path, server, steps=EXTRACT, prompts=prompt)
    bench.write("a.md", "one|two")
    bench.write("b.md", "one")
    assert bench.sync().steps["facts"].failed == 1
    with bench.open() as workspace:
        (letter,) = workspace.steps.dead_letters().letters
    assert (letter.document, letter.reason, letter.attempts) == ("docs/b.md", "unrendered", ())
