"""What shapes a call is in the digest; what the ledger gives back is what the file said."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import ConfigError, StorageError
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.file import builtin_prompt, load_prompt
from headrace.infer.prompts.render import render
from headrace.infer.prompts.store import get_version, put_version
from headrace.ledger.ledger import Ledger
from tests.prompt_files import change, prompt_workspace, write

GIVEN = {"ticket": "Pump 3 hums."}


def load(root: Path) -> Prompt:
    """The prompt as its files are now."""
    return load_prompt(root / "prompts", "triage")


def test_prompts_of_the_first_version_keep_their_digest() -> None:
    assert builtin_prompt("answer").digest == "prompt_zdfqpks4agcg54pd6kgjbh63mj"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("prompts/triage.md", "model: small", "model: large"),
        ("prompts/triage.md", "[large]", "[small]"),
        ("prompts/triage.md", "limit: int?", "limit: str?"),
        ("prompts/triage.md", "temperature: 0", "temperature: 0.0"),
        ("prompts/triage.md", "Looks a pump up", "Finds a pump"),
        (
            "prompts/triage.md",
            "properties: {zone: {type: string}, id: {type: string}}",
            "properties: {id: {}}",
        ),
        ("prompts/triage.md", "[open_tickets]", "[]"),
        ("prompts/triage.md", '"on"', "strict"),
        ("prompts/triage.md", "Sort the ticket", "Sort it"),
        ("prompts/parts/tone.md", "brief", "kind"),
        ("prompts/few_shot/triage.jsonl", "Paint peels", "Paint falls"),
        (
            "prompts/few_shot/triage.jsonl",
            '"reasoning": "No water.", "severity": "high"',
            '"severity": "high", "reasoning": "No water."',
        ),
        ("prompts/models/small.jinja", "<|end|>", "</s>"),
        ("prompts/models/small.json", '"?": 0', '"?": 0, "a": 1'),
        ("schemas/ticket.json", '"version": 2', '"version": 3'),
        ("schemas/ticket.json", '["low", "high"]', '["low", "high", "none"]'),
    ],
)
def test_everything_that_shapes_a_call_changes_the_digest(
    tmp_path: Path, path: str, old: str, new: str
) -> None:
    prompt_workspace(tmp_path)
    before = load(tmp_path).digest
    change(tmp_path, path, old, new)
    assert load(tmp_path).digest != before


def test_what_does_not_shape_a_call_leaves_the_digest(tmp_path: Path) -> None:
    prompt_workspace(tmp_path)
    before = load(tmp_path)
    change(tmp_path, "prompts/triage.md", "Sorts tickets by severity", "Sorts")
    change(tmp_path, "prompts/triage.md", "  temperature: 0\n  max_tokens: 200\n", "  max_tokens: 200\n")
    change(tmp_path, "prompts/triage.md", "features:", "temperature: 0\nfeatures:")
    assert load(tmp_path).digest == before.digest
    (tmp_path / "prompts/triage.md").rename(tmp_path / "prompts/sort.md")
    assert load_prompt(tmp_path / "prompts", "sort").digest == before.digest


def test_the_ledger_gives_back_what_the_file_said(tmp_path: Path, ledger: Ledger) -> None:
    prompt_workspace(tmp_path)
    prompt = load(tmp_path)
    assert ledger.write(lambda tx: put_version(tx, prompt)) == prompt.digest
    for folder in ("prompts", "schemas"):
        (tmp_path / folder).rename(tmp_path / f"old-{folder}")
    with ledger.read() as conn:
        stored = get_version(conn, "triage", prompt.digest)
        assert get_version(conn, "triage", "prompt_none") is None
    assert stored is not None
    assert (stored.digest, stored.model, stored.fallbacks) == (prompt.digest, "small", ("large",))
    assert (stored.schema, stored.vault, stored.tokenizer) == (prompt.schema, "on", prompt.tokenizer)
    assert stored.schema is not None
    # A model answers in the order of the keys, so the order is kept.
    assert list(stored.schema.json_schema["properties"]) == ["reasoning", "severity"]
    assert list(stored.tools[0]["function"]["parameters"]["properties"]) == ["zone", "id"]
    stored_messages = render(stored, GIVEN)
    assert stored_messages == render(prompt, GIVEN)
    assert [item["content"] for item in stored_messages] == [
        "Be brief.\nSort the ticket.",
        "All is dry.",
        '{"reasoning": "No water.", "severity": "high"}',
        "Paint peels.",
        '{"severity": "low"}',
        "Pump 3 hums.",
    ]


def test_a_version_without_its_examples_is_refused(tmp_path: Path, sqlite_ledger: Ledger) -> None:
    from headrace.infer.prompts.shape import shape_of
    from headrace.ledger import artifacts

    prompt_workspace(tmp_path)
    prompt = load(tmp_path)
    sqlite_ledger.write(lambda tx: artifacts.put(tx, "prompt", shape_of(prompt)))
    with sqlite_ledger.read() as conn, pytest.raises(StorageError, match="is not in the ledger"):
        get_version(conn, "triage", prompt.digest)


def test_a_body_may_place_its_examples_itself(tmp_path: Path) -> None:
    prompt_workspace(tmp_path)
    body = "{% for example in examples %}{{ example.output.severity }} {% endfor %}{{ word }}"
    write(tmp_path, "prompts/own.md", f"---\nschema: ticket\nfew_shot: triage\n---\n{body}")
    prompt = load_prompt(tmp_path / "prompts", "own")
    assert prompt.variables == ("word",)
    assert render(prompt, {"word": "x"}) == [{"role": "user", "content": "high low x"}]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "not JSON"),
        ('{"input": "a", "output": NaN}', "NaN is not JSON"),
        ('{"input": "\\ud800", "output": {"severity": "low"}}', "not JSON"),
        ('{"input": "a"}', 'Allowed: {"input": …, "output": …}'),
        ('{"messages": [{"role": "tool", "content": "x"}], "output": {}}', "'messages' must be a list"),
        ('{"input": "a", "output": {"severity": "mid"}}', "breaks schema 'ticket' at /severity"),
        ('{"input": {"tickt": "a"}, "output": {"severity": "low"}}', "needs 'ticket'"),
        ('{"input": {"ticket": 1}, "output": {"severity": "low"}}', "'ticket' must be str, not int"),
        (EXAMPLE := '{"input": "b", "output": {"severity": "low"}}', "the same as that of line 3"),
    ],
)
def test_a_wrong_example_is_named_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    prompt_workspace(tmp_path)
    with (tmp_path / "prompts/few_shot/triage.jsonl").open("a") as file:
        file.write(f"{EXAMPLE}\n\n{row}\n" if row == EXAMPLE else f"\n\n{row}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.message.startswith("prompts/few_shot/triage.jsonl:5: "), caught.value.message
    assert said in caught.value.message
