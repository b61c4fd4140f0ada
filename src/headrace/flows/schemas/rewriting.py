"""`schema rewrite`: stored records upgraded at once."""

from __future__ import annotations

from headrace.errors import UsageError
from headrace.flows.schemas.parts import SchemaParts, chain_for
from headrace.infer.records.rewriting import rewrite_all
from headrace.records.schemas import RewriteFailure, RewriteReport

MOST = 10_000
_SHOWN = 20


def rewrite(parts: SchemaParts, name: str, *, batch: int = 500) -> RewriteReport:
    """Store the newest version of every record of a schema; what was written first stays beside it.

    Reading does the same each time, so this changes what reading costs and nothing else. It can be
    interrupted: the next run goes on. Raises NotFoundError, UsageError, ConfigError, LeaseHeld.
    """
    if not 1 <= batch <= MOST:
        raise UsageError(f"A batch is 1 to {MOST} records, not {batch}.")
    chain = chain_for(parts.folder, parts.ledger, name)
    done = rewrite_all(parts.ledger, parts.reader, parts.seal, chain, batch=batch)
    return RewriteReport(
        name=name,
        version=chain.newest,
        written=done.written,
        failed=len(done.failed),
        failures=tuple(RewriteFailure(record=item.record, error=item.error) for item in done.failed[:_SHOWN]),
    )
