"""Every misbehaviour of an upstream: what the caller gets, what is stored; nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from headrace.infer.gateway.outcome import CallOutcome, Delta
from headrace.workspace import Workspace
from tests.docs.pages import DOCS, section, tables
from tests.fakes.model_server import ModelServer
from tests.infer.gateway.gateways import made, opened, streamed
from tests.infer.gateway.misbehaviours import CASES, GOOD, NEW_MODEL, Case, request_of


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """The upstream."""
    with ModelServer(GOOD) as running:
        yield running


@pytest.fixture(scope="module")
def workspace(server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for all cases."""
    with opened(tmp_path_factory.mktemp("calls"), server) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_lost(workspace: Workspace, server: ModelServer, case: Case) -> None:
    if case.name == "changes its model id":
        server.play(GOOD)
        made(workspace, request_of(case))
    server.play(*case.acts)
    server.always = case.acts[-1]
    deltas: Sequence[Delta] = ()
    if case.kind.endswith("stream"):
        deltas = streamed(workspace, request_of(case))
        outcome = deltas[-1].outcome
        assert outcome is not None
    else:
        (outcome,) = made(workspace, request_of(case))
    assert _got(case, outcome, deltas) == case.got
    assert _stored(workspace, outcome) == case.stored


def test_the_page_has_the_table() -> None:
    (rows,) = tables(section(DOCS / "gateway.md", "When a model misbehaves"))
    assert [tuple(row) for row in rows] == [(case.name, case.got, case.stored) for case in CASES]


def _got(case: Case, outcome: CallOutcome, deltas: Sequence[Delta]) -> str:
    kinds = ", ".join(
        attempt.kind + (f" ({attempt.repair})" if attempt.repair else "") for attempt in outcome.attempts
    )
    if not outcome.valid:
        assert outcome.output is None
        assert not outcome.choices
        passed = "".join(delta.text for delta in deltas)
        if passed:
            assert case.acts[0].text.startswith(passed)
            return f"half of the text, then dead letter: {outcome.reason}"
        return f"dead letter: {outcome.reason}"
    if outcome.choices[0].tool_calls:
        return f"tool calls after {kinds}"
    if case.kind.startswith("text"):
        return f"text after {kinds}, finish reason {outcome.choices[0].finish_reason}"
    assert outcome.output == {"total": 12.5, "currency": "EUR"}
    return f"valid output after {kinds}" + (", with a warning" if outcome.warnings else "")


def _stored(workspace: Workspace, outcome: CallOutcome) -> str:
    (span,) = [span for span in workspace.events.trace(outcome.trace_id) if span.kind == "call"]
    attempts = span.attributes["attempts"]
    assert [attempt["kind"] for attempt in attempts] == [attempt.kind for attempt in outcome.attempts]
    assert span.status == ("ok" if outcome.valid else "error")
    said = [_number(len(attempts), "span, %d attempt")]
    if outcome.dead_letter:
        letter = workspace.calls.letter(outcome.dead_letter)
        assert letter.trace_id == outcome.trace_id
        assert [item["raw_output"] for item in letter.attempts] == [
            attempt.raw_output for attempt in outcome.attempts
        ]
        raw = [item for item in letter.attempts if item["raw_output"] is not None]
        said.append(_number(len(raw), "dead letter, %d raw output"))
    if changed := span.attributes.get("model_changed"):
        assert changed["to"] == NEW_MODEL
        said.append("model change")
    return "; ".join(said)


def _number(number: int, words: str) -> str:
    return words % number + ("" if number == 1 else "s")
