"""Records with each publish how far documents hold, and which of them a newer version replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.ingest.validity.dates import NOTHING, declared
from headrace.ingest.validity.sketch import sketch
from headrace.ingest.validity.supersession import keys, relinked
from headrace.ingest.validity.versions import of_title, of_uri
from headrace.ledger import standings
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.history import Step
from headrace.ledger.standings import Standing

if TYPE_CHECKING:
    from headrace.ingest.sync.prepare import Prepared
    from headrace.ledger.ledger import Write

_RECORDED = declare("standing.recorded")


def standing_of(document: Prepared) -> Standing | None:
    """What a document says of how far it holds, with what it is compared by; None when it says nothing."""
    uri = document.candidate.item.uri
    says = declared({name: value for name, value in document.metadata.items() if not isinstance(value, list)})
    by_uri, by_title = of_uri(uri), of_title(document.title, uri)
    if says == NOTHING and by_uri is None and by_title is None:
        return None
    return Standing(
        uri=uri,
        valid_from_us=says.valid_from_us,
        valid_to_us=says.valid_to_us,
        dated_us=says.dated_us,
        deprecated=says.deprecated,
        replacement=says.replacement,
        stem=by_uri and by_uri.stem,
        version=by_uri and by_uri.version,
        title_stem=by_title and by_title.stem,
        title_version=by_title and by_title.version,
        sketch=sketch(document.texts) if by_uri or by_title else None,
    )


def record(
    tx: Write, corpus: str, *, written: Sequence[str], removed: Sequence[str], stated: Sequence[Standing]
) -> list[Step]:
    """Set the rows of documents that were written or removed, and link versions anew where that matters.

    Returns the steps for the history of each document whose mark changed.
    """
    if not stated and standings.sequence(tx.conn, corpus) == 0:
        return []
    before = standings.of(tx.conn, corpus, [*written, *removed])
    new = {row.uri: _with_link(row, before.get(row.uri)) for row in stated}
    gone = sorted(before.keys() - new.keys())
    moved = _relink(tx, corpus, before, new, gone)
    changed = {uri: row for uri, row in new.items() if before.get(uri) != row} | {
        row.uri: row for row in moved
    }
    if not changed and not gone:
        return []
    standings.remove(tx, corpus, gone)
    standings.put(tx, corpus, [changed[uri] for uri in sorted(changed)])
    standings.changed(tx, corpus)
    fire(_RECORDED)
    return [_step(row) for row in moved]


def _relink(
    tx: Write, corpus: str, before: Mapping[str, Standing], new: Mapping[str, Standing], gone: Sequence[str]
) -> list[Standing]:
    """The documents whose successor changes: all that share a stem with a changed one are looked at."""
    touched = _stems([*before.values(), *new.values()])
    if not touched:
        return []

    def as_it_is(rows: Mapping[str, Standing]) -> dict[str, Standing]:
        return {uri: new.get(uri, row) for uri, row in rows.items() if uri not in gone}

    affected = as_it_is({**standings.sharing(tx.conn, corpus, touched), **new})
    around = as_it_is(standings.sharing(tx.conn, corpus, _stems(affected.values()) - touched))
    return relinked(around | affected, affected)


def _stems(rows: Iterable[Standing]) -> set[str]:
    return {stem for row in rows for _, stem, _ in keys(row)}


def _with_link(row: Standing, before: Standing | None) -> Standing:
    if before is None or not keys(row):
        return row
    return row._replace(superseded_by=before.superseded_by, superseded_from_us=before.superseded_from_us)


def _step(row: Standing) -> Step:
    if row.superseded_by is None:
        return Step(uri=row.uri, event="current")
    detail = {"by": row.superseded_by, "from_us": row.superseded_from_us}
    return Step(uri=row.uri, event="superseded", detail=detail)
