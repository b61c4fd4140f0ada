"""The items of the quarantine: what the gates of the serving generations keep out, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, UsageError
from headrace.ingest.gates.deciding import keeps_out
from headrace.ingest.gates.declared import judging
from headrace.ledger import documents, failures, gate_decisions, verdicts
from headrace.ledger.gate_decisions import Decisions
from headrace.ledger.identity import digest
from headrace.records.gates import GateVerdict
from headrace.records.quarantine import QuarantineItem, QuarantineState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.gates.parts import GateParts
    from headrace.ledger.gate_decisions import DecisionRow
    from headrace.ledger.verdicts import VerdictRow

_STATES: Mapping[str, QuarantineState] = {"gate": "waiting", "dropped": "dropped", "rejected": "rejected"}
_KNOWN = 20
"""Names in an error, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One item with what it was made of."""

    item: QuarantineItem
    generation: str
    row: VerdictRow
    verdicts: Sequence[GateVerdict]
    against: Mapping[str, str]
    """Gates that would keep it out, by what decides their verdicts: fingerprint to name."""


def load(parts: GateParts, corpora: Sequence[str]) -> list[Kept]:
    """Every item of these corpora, by corpus and document."""
    with parts.ledger().read() as conn:
        return [found for corpus in corpora for found in _of_corpus(parts, conn, corpus)]


def chosen(parts: GateParts, refs: Sequence[str], corpus: str | None) -> list[Kept]:
    """The items that ids, URIs or `corpus/URI` name. Raises NotFoundError, UsageError."""
    known = load(parts, parts.corpora(corpus))
    return [_named(known, ref) for ref in dict.fromkeys(refs)]


def _named(known: Sequence[Kept], ref: str) -> Kept:
    found = [
        each
        for each in known
        if ref in (each.item.id, each.item.document, f"{each.item.corpus}/{each.item.document}")
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(f"{each.item.corpus}/{each.item.document}" for each in found)
        raise UsageError(f"{ref!r} is in several corpora: {names}.", hint="Add --corpus NAME.")
    raise NotFoundError(
        "item of the quarantine",
        ref,
        known=[each.item.document for each in known[:_KNOWN]],
        hint="`headrace gate quarantine list --state all` shows every item with its id.",
    )


def _of_corpus(parts: GateParts, conn: Connection, corpus: str) -> Iterator[Kept]:
    generation = parts.releases().generation(conn, corpus)
    if generation is None:
        return
    decisions = gate_decisions.load(conn, corpus)
    rows = {row.uri: row for row in verdicts.kept_out(conn, generation)}
    others = sorted(decisions.documents - rows.keys())
    rows |= {
        row.uri: row
        for row in verdicts.lookup(conn, generation, others)
        if (row.uri, row.revision) in decisions.rows
    }
    gates = verdicts.fingerprints(conn, [row.gates for row in rows.values()])
    since = {row.uri: row.first_at_us for row in failures.list(conn, corpus)}
    served = documents.lookup(conn, generation, sorted(rows))
    for uri in sorted(rows):
        row = rows[uri]
        made = _item(corpus, row, gates[row.gates], decisions, since.get(uri), serves=uri in served)
        if made is not None:
            item, said, against = made
            yield Kept(item=item, generation=generation, row=row, verdicts=said, against=against)


def _item(
    corpus: str,
    row: VerdictRow,
    gates: Sequence[Mapping[str, Any]],
    decisions: Decisions,
    since_us: int | None,
    *,
    serves: bool,
) -> tuple[QuarantineItem, list[GateVerdict], dict[str, str]] | None:
    said = verdicts.read(row, gates)
    stopping = [at for at, verdict in enumerate(said) if keeps_out(gates[at]["on_failure"], verdict)]
    decided = _decision(decisions, row)
    if not stopping and decided is None:
        return None
    first = said[stopping[0]] if stopping else None
    state: QuarantineState = "released" if row.outcome == "in" else _STATES[row.outcome]
    item = QuarantineItem(
        id=digest("kept", [corpus, row.uri, row.revision]),
        corpus=corpus,
        document=row.uri,
        revision=row.revision,
        state=state,
        gate=row.gate or (first.gate if first else decided.gate if decided else ""),
        version=first.version if first else 0,
        score=first.score if first else None,
        reason=first.reason if first else None,
        evidence=first.evidence if first else None,
        gates=tuple(said[at].gate for at in stopping),
        since_us=since_us if since_us is not None else row.judged_at_us,
        serves=serves,
        decided_by=decided.actor if decided else None,
        decided_at_us=decided.decided_at_us if decided else None,
        decision=decided.reason if decided else None,
    )
    return item, said, {judging(gates[at]): said[at].gate for at in stopping}


def _decision(decisions: Decisions, row: VerdictRow) -> DecisionRow | None:
    rows = decisions.rows.get((row.uri, row.revision), [])
    wanted = "rejected" if row.outcome == "rejected" else "released"
    return next((each for each in rows if each.decision == wanted), None)
