"""A release as something that can be evaluated: it takes the inputs of a case and gives an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from headrace.errors import UsageError
from headrace.ledger import snapshots

if TYPE_CHECKING:
    from headrace.flows.calling.operations import CallOperations
    from headrace.ledger.ledger import Ledger
    from headrace.records.search import Answer, SearchResult
    from headrace.ship.releases import Releases

_ALLOWED = '{"question": …}, {"query": …} or {"prompt": NAME, "variables": {…}}'


class View(Protocol):
    """A workspace under one release."""

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        ...

    @property
    def releases(self) -> Releases:
        """The pointer, which stands at the release."""
        ...

    @property
    def calls(self) -> CallOperations:
        """Calls of prompts."""
        ...

    def ask(self, question: str) -> Answer:
        """Answer a question."""
        ...

    def search(self, query: str) -> SearchResult:
        """Find chunks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReply:
    """What a release gave for one case."""

    output: Any
    """A text, or a JSON value; None where it never became valid."""
    documents: Sequence[str] = ()
    """URIs it found or cited, best first, each once."""
    citations: Sequence[Mapping[str, Any]] = ()
    """`document` and `quote` of each."""
    failure: str | None = None
    """Why there is no valid output."""
    trace_id: str | None = None
    """The call."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`release`, and `generation` where one was searched."""


class ReleaseTarget:
    """Answers cases with exactly one release: `ReleaseTarget(workspace.at_release(digest))`."""

    def __init__(self, view: View, *, prompt: str | None = None) -> None:
        """With `prompt` the inputs of a case are the variables of that prompt."""
        self._view = view
        self._prompt = prompt

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that shapes its answers: the release, and which snapshot of each corpus it reads."""
        with self._view.ledger.read() as conn:
            release = self._view.releases.current(conn)
            parts = {} if release is None else release.corpora
            held = {name: snapshots.current(conn, part["generation"]) for name, part in parts.items()}
        return {
            "kind": "release",
            "release": None if release is None else release.digest,
            "snapshots": {name: None if row is None else row.seq for name, row in held.items()},
            "prompt": self._prompt,
        }

    def answer(self, inputs: Mapping[str, Any]) -> ReleaseReply:
        """Answer one case. Raises UsageError for inputs that name nothing to do."""
        if self._prompt is not None:
            return self._call(self._prompt, inputs)
        if isinstance(inputs.get("prompt"), str):
            return self._call(inputs["prompt"], inputs.get("variables") or {})
        if isinstance(inputs.get("question"), str):
            return _answered(self._view.ask(inputs["question"]))
        if isinstance(inputs.get("query"), str):
            return _found(self._view.search(inputs["query"]))
        raise UsageError(
            f"A case with the inputs {sorted(inputs)} asks a release for nothing.",
            hint=f"Inputs are {_ALLOWED}.",
        )

    def _call(self, prompt: str, variables: Mapping[str, Any]) -> ReleaseReply:
        report = self._view.calls.run(prompt, variables)
        return ReleaseReply(
            output=report.output,
            failure=report.reason if report.dead_letter else None,
            trace_id=report.trace_id,
            facts={"release": report.release},
        )


def _answered(answer: Answer) -> ReleaseReply:
    return ReleaseReply(
        output=answer.answer,
        documents=list(dict.fromkeys(item.document for item in answer.citations)),
        citations=[{"document": item.document, "quote": item.quote} for item in answer.citations],
        trace_id=answer.trace_id,
        facts={"release": answer.release, "generation": answer.generation},
    )


def _found(result: SearchResult) -> ReleaseReply:
    return ReleaseReply(
        output=[hit.text for hit in result.hits],
        documents=list(dict.fromkeys(hit.document for hit in result.hits)),
        trace_id=result.trace_id,
        facts={"generation": result.generation},
    )
