"""The life of one document: what happened to it, how it stands, how often it was met."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError
from headrace.flows.naming import find_document
from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.quality.score import quality_of
from headrace.ingest.validity.marks import NO_MARKS, Mark, Marks, read_marks
from headrace.ingest.validity.ranking import RankingConfig
from headrace.ledger import acls, documents, failures, history
from headrace.ledger.documents import DocumentState
from headrace.ledger.history import Step
from headrace.records.freshness import DocumentHistory, HistoryStep
from headrace.records.quality import Quality
from headrace.records.times import rfc3339
from headrace.ship.releases import Releases

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger

_RECENT_NS = 7 * 86_400 * 1_000_000_000
_NAMING = ("by", "moved_to", "moved_from", "yields_to")
_FAILURE = ("stage", "error", "first_at_us", "last_at_us", "attempts")


def document_history(
    ledger: Ledger,
    name: str,
    *,
    releases: Releases,
    events: EventStore,
    rankings: Mapping[str, RankingConfig],
    qualities: Mapping[str, QualityConfig],
    access: Sequence[str] | None,
) -> DocumentHistory:
    """Tell what happened to a document, also one that is gone; with `access` only what these labels open.

    `rankings` holds the corpora. Raises NotFoundError.
    """
    with ledger.read() as conn:
        corpus, uri, state = _find(conn, releases, list(rankings), name)
        if access is not None and not _admitted(conn, state, access):
            raise NotFoundError("document", name, hint="`headrace search` prints such names.")
        generation = releases.generation(conn, corpus)
        marks = read_marks(conn, corpus, generation, epoch=0, known=NO_MARKS) if generation else NO_MARKS
        steps = [_step(step) for step in history.of(conn, corpus, uri)]
        standing = _standing(marks, uri, rankings[corpus], present=state is not None)
        if access is not None:
            hidden = _hidden(conn, generation, access)
            steps, standing = [_without(step, hidden) for step in steps], _shown_to(standing, hidden)
        failure = next((row for row in failures.list(conn, corpus) if row.uri == uri), None)
        labels = acls.labels(conn, [state.acl_id])[state.acl_id] if state is not None else ()
    met = events.met([f"{corpus}/{uri}"], since_ns=time.time_ns() - _RECENT_NS)
    quality = _quality(state, standing["marks"], qualities[corpus])
    retrieved, cited = met.get(f"{corpus}/{uri}", (0, 0))
    return DocumentHistory(
        corpus=corpus,
        document=uri,
        state=state.state if state is not None else "absent",
        title=state.title if state is not None else None,
        source=state.source if state is not None else None,
        revision=state.revision if state is not None else None,
        modified_at=_shown(state.modified_at_us if state is not None else None),
        labels=labels,
        first_seen=steps[0].at if steps else None,
        **standing,
        quality=quality.score if quality is not None else None,
        quality_parts=quality.parts if quality is not None else {},
        failure=None if failure is None else {k: v for k, v in failure._asdict().items() if k in _FAILURE},
        retrieved=retrieved,
        cited=cited,
        steps=tuple(steps),
    )


def _quality(state: DocumentState | None, marks: tuple[str, ...], config: QualityConfig) -> Quality | None:
    if state is None:
        return None
    return quality_of(
        state, config, mark=Mark(kinds=marks, superseded_by=None), now_us=time.time_ns() // 1000
    )


def _find(
    conn: Connection, releases: Releases, corpora: Sequence[str], name: str
) -> tuple[str, str, DocumentState | None]:
    try:
        corpus, state = find_document(conn, releases, corpora, name)
    except NotFoundError:
        for corpus in corpora:
            for uri in (name, name.removeprefix(f"{corpus}/")):
                if history.of(conn, corpus, uri, limit=1):
                    return corpus, uri, None
        raise
    return corpus, state.uri, state


def _admitted(conn: Connection, state: DocumentState | None, access: Sequence[str]) -> bool:
    return state is not None and state.state == "live" and state.acl_id in acls.admitted(conn, access)


def _hidden(conn: Connection, generation: str | None, access: Sequence[str]) -> Callable[[str], bool]:
    """Whether a URI names a document that a caller with these labels may not see."""

    def hidden(uri: str) -> bool:
        states = documents.lookup(conn, generation, [uri]) if generation is not None else {}
        return not _admitted(conn, states.get(uri), access)

    return hidden


def _without(step: HistoryStep, hidden: Callable[[str], bool]) -> HistoryStep:
    """A step that does not name documents which the caller may not see."""
    detail = {
        key: value for key, value in step.detail.items() if key not in _NAMING or not hidden(str(value))
    }
    return replace(step, detail=detail)


def _shown_to(standing: Mapping[str, Any], hidden: Callable[[str], bool]) -> dict[str, Any]:
    newer = standing["superseded_by"]
    return {
        **standing,
        "superseded_by": None if newer is None or hidden(newer) else newer,
        "supersedes": tuple(uri for uri in standing["supersedes"] if not hidden(uri)),
    }


def _standing(marks: Marks, uri: str, ranking: RankingConfig, *, present: bool) -> dict[str, Any]:
    now_us = time.time_ns() // 1000
    mark = marks.of(uri, now_us, ranking) if present else None
    row = marks.rows.get(uri)
    replaced = {other for other in marks.rows.keys() | marks.declared.keys() if other != uri}
    return {
        "marks": mark.kinds if mark is not None else (),
        "superseded_by": mark.superseded_by if mark is not None else None,
        "supersedes": tuple(sorted(other for other in replaced if marks.current(other, now_us) == uri)),
        "valid_from": _shown(row.valid_from_us if row is not None else None),
        "valid_to": _shown(row.valid_to_us if row is not None else None),
    }


def _step(step: Step) -> HistoryStep:
    return HistoryStep(
        at=rfc3339(step.at_us),
        at_us=step.at_us,
        event=step.event,
        revision=step.revision,
        generation=step.generation,
        run_id=step.run_id,
        listed_at_us=step.listed_at_us,
        detail=dict(step.detail or {}),
    )


def _shown(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)
