"""Gates in a sync: parsed documents go through them before they are chunked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from headrace.errors import DocumentError
from headrace.ingest.gates.deciding import Deciding, KeptOut
from headrace.ingest.gates.declared import DeclaredGate
from headrace.ingest.gates.redaction import redacted
from headrace.ingest.gates.running import GateInput, batch_of, run_gates
from headrace.ledger.gate_decisions import Decisions
from headrace.ledger.identity import digest_bytes
from headrace.records.document import Content, ParsedDocument
from headrace.records.gates import GateCount, GateVerdict

_BATCH_DOCUMENTS = 256
_BATCH_CHARACTERS = 4_000_000

Parsed = tuple[str, ParsedDocument | DocumentError]


class _Noted(NamedTuple):
    """What is known of a document before it is parsed."""

    size_bytes: int
    modified_at_us: int | None
    revision: str
    """Empty where nothing was decided about the document, and no gate asks a model."""


class ParseMany(Protocol):
    """Parse documents in input order; an error comes back in place of its document."""

    def __call__(self, items: Iterable[tuple[str, str, Content]]) -> Iterator[Parsed]: ...


@dataclass(slots=True)
class Gating:
    """A parser with the gates of a corpus behind it; counts what they said.

    A document that a gate keeps out comes back as KeptOut in its place, so it waits with its reason and what
    served of it goes on serving.
    """

    gates: Sequence[DeclaredGate]
    parse: ParseMany
    decisions: Callable[[], Decisions] = Decisions
    """What people decided; asked once, when the first document is parsed."""
    drafting: Sequence[DeclaredGate] = ()
    """The same gates, but those that ask a model say what is stored; empty where none asks any."""
    counts: dict[str, GateCount] = field(default_factory=dict)
    _made: Deciding | None = None

    @property
    def _deciding(self) -> Deciding:
        if self._made is None:
            self._made = Deciding(self.gates, self.decisions())
        return self._made

    def parse_many(self, items: Iterable[tuple[str, str, Content]]) -> Iterator[Parsed]:
        """Parse and judge, in the order of the input, a bounded batch at a time."""
        return self._parse_many(items, self.gates)

    def draft_many(self, items: Iterable[tuple[str, str, Content]]) -> Iterator[Parsed]:
        """The same without asking a model anything."""
        return self._parse_many(items, self.drafting or self.gates)

    def _parse_many(
        self, items: Iterable[tuple[str, str, Content]], gates: Sequence[DeclaredGate]
    ) -> Iterator[Parsed]:
        noted: dict[str, _Noted] = {}
        waiting: list[Parsed] = []
        characters = 0
        for uri, result in self.parse(self._noting(items, noted, self._deciding.decisions)):
            waiting.append((uri, result))
            characters += len(result.text) if isinstance(result, ParsedDocument) else 0
            if len(waiting) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
                yield from self._judged(waiting, noted, gates)
                waiting, characters = [], 0
        yield from self._judged(waiting, noted, gates)

    def _noting(
        self, items: Iterable[tuple[str, str, Content]], noted: dict[str, _Noted], decisions: Decisions
    ) -> Iterator[tuple[str, str, Content]]:
        for uri, name, content in items:
            named = self.drafting or uri in decisions.documents
            revision = digest_bytes("rev", content.data) if named else ""
            noted[uri] = _Noted(len(content.data), content.modified_at_us, revision)
            yield uri, name, content

    def _judged(
        self, waiting: Sequence[Parsed], noted: dict[str, _Noted], gates: Sequence[DeclaredGate]
    ) -> Iterator[Parsed]:
        notes = [noted.pop(uri) for uri, _ in waiting]
        given = [
            GateInput(
                document=uri,
                parsed=result,
                size_bytes=note.size_bytes,
                modified_at_us=note.modified_at_us,
                revision=note.revision or None,
            )
            for (uri, result), note in zip(waiting, notes, strict=True)
            if isinstance(result, ParsedDocument)
        ]
        batch = batch_of(given, now_us=time.time_ns() // 1000)
        verdicts = iter(run_gates(gates, batch) if given else ())
        for (uri, result), note in zip(waiting, notes, strict=True):
            if isinstance(result, ParsedDocument):
                yield uri, self._decided(uri, note.revision, result, next(verdicts))
            else:
                yield uri, result

    def _decided(
        self, uri: str, revision: str, document: ParsedDocument, verdicts: Sequence[GateVerdict]
    ) -> ParsedDocument | KeptOut:
        deciding = self._deciding
        judgement = deciding.judge(uri, revision, verdicts)
        tags: list[str] = []
        redacting: list[DeclaredGate] = []
        for declared, verdict in zip(self.gates, verdicts, strict=True):
            failed = verdict.verdict == "fail"
            redacts = failed and declared.on_failure == "redact"
            self._count(declared.name, "redacted" if redacts else verdict.verdict)
            if redacts:
                redacting.append(declared)
            elif verdict.verdict != "pass" and declared.on_failure == "tag":
                tags.append(declared.name)
        if judgement.outcome != "in":
            return deciding.kept_out(uri, revision, judgement)
        for declared in redacting:
            document = redacted(document, declared.gate.redact)  # type: ignore[attr-defined]
        for tag in tags:
            document = tagged(document, tag)
        return replace(document, judgement=judgement)

    def _count(self, gate: str, word: str) -> None:
        before = self.counts.get(gate, GateCount())
        self.counts[gate] = GateCount(
            passed=before.passed + (word == "pass"),
            failed=before.failed + (word in ("fail", "error")),
            redacted=before.redacted + (word == "redacted"),
        )


def tagged(document: ParsedDocument, gate: str) -> ParsedDocument:
    """The document with a gate that it failed named in its metadata."""
    before = document.metadata.get("failed_gates")
    named = gate if before is None else f"{before}, {gate}"
    return replace(document, metadata={**document.metadata, "failed_gates": named})
