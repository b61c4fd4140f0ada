"""Which release is meant, and how the declared suites stand with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError, UsageError
from headrace.ledger import refs, release_evidence
from headrace.records.releases import EvidenceReport, Standing, Verdict
from headrace.records.times import rfc3339_exact
from headrace.ship.bundle import KIND
from headrace.ship.releases import PREFIX, Release

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts
    from headrace.ledger.release_evidence import EvidenceRow

CURRENT = "current"
_SHORTEST = 4


def environments(conn: Connection) -> list[str]:
    """Every environment that has a pointer."""
    return [name.removeprefix(PREFIX) for name in refs.names(conn) if name.startswith(PREFIX)]


def known(parts: ReleaseParts, conn: Connection) -> list[str]:
    """Every release that was made on purpose or ever served."""
    digests = dict.fromkeys(item.release for item in release_evidence.all_made(conn))
    for environment in environments(conn):
        rows = refs.history(conn, parts.releases.of(environment).ref)
        digests |= dict.fromkeys(row.artifact for row in rows)
    return list(digests)


def serving(parts: ReleaseParts, conn: Connection, environment: str) -> Release:
    """What an environment serves. Raises NotFoundError before there is anything."""
    release = parts.releases.of(environment).current(conn)
    if release is None:
        raise NotFoundError(
            "release that serves in",
            environment,
            known=environments(conn),
            hint="`headrace sync` and `headrace prompt label` mint the first one.",
        )
    return release


def find(parts: ReleaseParts, conn: Connection, word: str) -> Release:
    """A release by its digest, a start of it that only one has, an environment, or `current`.

    Raises NotFoundError, UsageError.
    """
    if word == CURRENT:
        return serving(parts, conn, parts.releases.environment)
    if word in environments(conn):
        return serving(parts, conn, word)
    exact = parts.releases.load(conn, word) if word.startswith(f"{KIND}_") else None
    if exact is not None:
        return exact
    start = f"{KIND}_{word.removeprefix(f'{KIND}_')}"
    every = known(parts, conn)
    long_enough = len(start) >= len(KIND) + 1 + _SHORTEST
    found = [digest for digest in every if digest.startswith(start)] if long_enough else []
    if len(found) > 1:
        raise UsageError(f"{word!r} is the start of {len(found)} releases.", hint="Give more characters.")
    release = parts.releases.load(conn, found[0]) if found else None
    if release is None:
        names = [CURRENT, *environments(conn), *every[::-1]]
        raise NotFoundError("release", word, known=names, hint="`headrace release list` shows them.")
    return release


def standing(
    conn: Connection, release: str, suites: Sequence[str], *, at_us: int | None = None
) -> tuple[Standing, Mapping[str, EvidenceRow]]:
    """How the suites stand together, and the last evidence of every suite that was ever run."""
    newest = release_evidence.newest(conn, release, at_us=at_us)
    return standing_of({name: row.verdict for name, row in newest.items()}, suites), newest


def standing_of(verdicts: Mapping[str, Verdict], suites: Sequence[str]) -> Standing:
    """Green where every declared suite has passed; worst first."""
    found = [verdicts.get(suite) for suite in suites]
    if not found:
        return "undeclared"
    order: Sequence[tuple[str | None, Standing]] = (
        ("fail", "red"),
        ("inconclusive", "inconclusive"),
        (None, "missing"),
    )
    return next((word for verdict, word in order if verdict in found), "green")


def report_of(row: EvidenceRow) -> EvidenceReport:
    """Kept evidence as it is shown."""
    detail = row.detail
    return EvidenceReport(
        suite=row.suite,
        run=row.run,
        verdict=row.verdict,
        at=rfc3339_exact(row.at_us),
        actor=row.actor,
        metrics=detail.get("metrics", {}),
        margin=detail.get("margin", {}),
        detectable=detail.get("detectable", {}),
        reasons=detail.get("reasons", ()),
        corpora=detail.get("corpora", {}),
    )
