"""Gates in a sync: parsed documents go through them before they are chunked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from headrace.errors import DocumentError, GateStopped
from headrace.ingest.gates.declared import DeclaredGate
from headrace.ingest.gates.redaction import redacted
from headrace.ingest.gates.running import GateInput, batch_of, run_gates
from headrace.records.document import Content, ParsedDocument
from headrace.records.gates import GateCount, GateVerdict

_BATCH_DOCUMENTS = 256
_BATCH_CHARACTERS = 4_000_000

Parsed = tuple[str, ParsedDocument | DocumentError]


class ParseMany(Protocol):
    """Parse documents in input order; an error comes back in place of its document."""

    def __call__(self, items: Iterable[tuple[str, str, Content]]) -> Iterator[Parsed]: ...


@dataclass(slots=True)
class Gating:
    """A parser with the gates of a corpus behind it; counts what they said.

    A document that a gate keeps out comes back as GateStopped in its place, so it waits with its reason and
    what served of it goes on serving. A gate that failed itself keeps out what it could not judge, unless it
    only tags or warns.
    """

    gates: Sequence[DeclaredGate]
    parse: ParseMany
    counts: dict[str, GateCount] = field(default_factory=dict)

    def parse_many(self, items: Iterable[tuple[str, str, Content]]) -> Iterator[Parsed]:
        """Parse and judge, in the order of the input, a bounded batch at a time."""
        sizes: dict[str, tuple[int, int | None]] = {}
        waiting: list[Parsed] = []
        characters = 0
        for uri, result in self.parse(_noting(items, sizes)):
            waiting.append((uri, result))
            characters += len(result.text) if isinstance(result, ParsedDocument) else 0
            if len(waiting) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
                yield from self._judged(waiting, sizes)
                waiting, characters = [], 0
        yield from self._judged(waiting, sizes)

    def _judged(
        self, waiting: Sequence[Parsed], sizes: dict[str, tuple[int, int | None]]
    ) -> Iterator[Parsed]:
        given = []
        for uri, result in waiting:
            size_bytes, modified_at_us = sizes.pop(uri)
            if isinstance(result, ParsedDocument):
                given.append(
                    GateInput(
                        document=uri, parsed=result, size_bytes=size_bytes, modified_at_us=modified_at_us
                    )
                )
        batch = batch_of(given, now_us=time.time_ns() // 1000)
        verdicts = iter(run_gates(self.gates, batch) if given else ())
        for uri, result in waiting:
            yield uri, self._decided(result, next(verdicts)) if isinstance(result, ParsedDocument) else result

    def _decided(
        self, document: ParsedDocument, verdicts: Sequence[GateVerdict]
    ) -> ParsedDocument | GateStopped:
        tags: list[str] = []
        redacting: list[DeclaredGate] = []
        stopped: GateStopped | None = None
        for declared, verdict in zip(self.gates, verdicts, strict=True):
            redacts = verdict.verdict == "fail" and declared.on_failure == "redact"
            self._count(declared.name, "redacted" if redacts else verdict.verdict)
            if verdict.verdict == "pass" or declared.on_failure == "warn":
                continue
            if declared.on_failure == "tag":
                tags.append(declared.name)
            elif redacts:
                redacting.append(declared)
            elif stopped is None:
                stopped = _stopped(declared, verdict)
        if stopped is not None:
            return stopped
        for declared in redacting:
            document = redacted(document, declared.gate.redact)  # type: ignore[attr-defined]
        for tag in tags:
            document = tagged(document, tag)
        return document

    def _count(self, gate: str, word: str) -> None:
        before = self.counts.get(gate, GateCount())
        self.counts[gate] = GateCount(
            passed=before.passed + (word == "pass"),
            failed=before.failed + (word in ("fail", "error")),
            redacted=before.redacted + (word == "redacted"),
        )


def _stopped(declared: DeclaredGate, verdict: GateVerdict) -> GateStopped:
    measured = "" if verdict.score is None else f" (score {verdict.score:g})"
    where = "" if verdict.evidence is None else f", at {verdict.evidence.start}–{verdict.evidence.end}"
    return GateStopped(
        f"{declared.name} v{verdict.version}: {verdict.reason or 'failed'}{measured}{where}",
        stage="dropped" if declared.on_failure == "drop" else "gate",
    )


def tagged(document: ParsedDocument, gate: str) -> ParsedDocument:
    """The document with a gate that it failed named in its metadata."""
    before = document.metadata.get("failed_gates")
    named = gate if before is None else f"{before}, {gate}"
    return replace(document, metadata={**document.metadata, "failed_gates": named})


def _noting(
    items: Iterable[tuple[str, str, Content]], sizes: dict[str, tuple[int, int | None]]
) -> Iterator[tuple[str, str, Content]]:
    for uri, name, content in items:
        sizes[uri] = (len(content.data), content.modified_at_us)
        yield uri, name, content
