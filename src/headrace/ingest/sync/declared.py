"""The metadata schema of a corpus: recorded when it changes, refused where a field in use would go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from headrace.errors import FilterError, NotFoundError, UsageError, Withheld
from headrace.ingest.search.filters import fields_of
from headrace.ingest.sync.context import SyncContext
from headrace.ledger import leases, metadata
from headrace.ledger.failpoints import declare, fire
from headrace.records.metadata import FieldDecision, FieldUse, MetadataSchema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Write

_BEFORE_RECORD = declare("metadata.before_record")


def with_decisions(context: SyncContext) -> SyncContext:
    """The context with the fields that were dropped by decision left out of its documents."""
    with context.ledger.read() as conn:
        return replace(context, metadata=metadata.in_force(conn, context.corpus, context.metadata))


def adopt(context: SyncContext, lease: Lease) -> SyncContext:
    """Record the configured schema where it changed, and give the context that holds from now on.

    Raises Withheld when a field that is in use would go or get another type.
    """
    with context.ledger.read() as conn:
        before = metadata.current(conn, context.corpus) or MetadataSchema()
        schema = metadata.in_force(conn, context.corpus, context.metadata)
    if before.body() != schema.body():
        _refuse(context, before)
        record(context, lease, schema, reason="headrace.toml changed")
    return replace(context, metadata=schema)


def record(context: SyncContext, lease: Lease, schema: MetadataSchema, *, reason: str) -> None:
    """Make a schema the one that holds, under the lease of the corpus."""
    fire(_BEFORE_RECORD)

    def work(tx: Write) -> None:
        leases.check(tx, lease)
        metadata.record(tx, context.corpus, schema, actor=context.actor, reason=reason)

    context.ledger.write(work)


def drop_field(context: SyncContext, field: str, *, confirmed: bool) -> FieldDecision:
    """Decide that a field goes; its values leave the index with the next backfill.

    Raises UsageError while it is declared, NotFoundError when nothing has it, Withheld when it is in use
    and that is not confirmed.
    """
    if context.metadata.get(field) is not None:
        raise UsageError(
            f"{field!r} is declared in headrace.toml.",
            hint=f"Take [corpus.{context.corpus}.metadata.{field}] out of it first.",
        )

    def change(before: MetadataSchema, use: FieldUse) -> MetadataSchema:
        if before.get(field) is None and not use.documents:
            known = [item.name for item in before.fields]
            raise NotFoundError("metadata field", field, known=known, hint="No document has a value of it.")
        kept = tuple(item for item in before.fields if item.name != field)
        return MetadataSchema(fields=kept, dropped=tuple(sorted({*before.dropped, field})))

    return _decide(context, field, "dropped", change, confirmed=confirmed)


def retype_field(context: SyncContext, field: str, *, confirmed: bool) -> FieldDecision:
    """Decide that a field gets the type that headrace.toml now declares.

    Raises NotFoundError when it is not declared, Withheld when it is in use and that is not confirmed.
    """
    declared = context.metadata.get(field)
    if declared is None:
        known = [item.name for item in context.metadata.fields]
        raise NotFoundError("metadata field", field, known=known, hint="Declare it in headrace.toml first.")

    def change(before: MetadataSchema, _: FieldUse) -> MetadataSchema:
        kept = [item for item in before.fields if item.name != field]
        dropped = tuple(name for name in before.dropped if name != field)
        return MetadataSchema(
            fields=tuple(sorted([*kept, declared], key=lambda item: item.name)), dropped=dropped
        )

    return _decide(context, field, "retyped", change, confirmed=confirmed)


def use_of(conn: Connection, context: SyncContext, field: str) -> FieldUse:
    """Which recent filters name a field, and which documents that serve have a value of it."""
    serving = context.serving.generation(conn, context.corpus)
    held = metadata.everything(conn, serving) if serving is not None else []
    having = [item for item in held if item.metadata.get(field) is not None or field in item.misfits]
    return FieldUse(
        corpus=context.corpus,
        field=field,
        filters=sum(field in _named(expression) for expression in context.recent_filters()),
        documents=len(having),
        chunks=sum(item.chunk_count for item in having),
    )


def _decide(
    context: SyncContext,
    field: str,
    decision: Literal["dropped", "retyped"],
    change: Callable[[MetadataSchema, FieldUse], MetadataSchema],
    *,
    confirmed: bool,
) -> FieldDecision:
    with leases.held(context.ledger, f"corpus/{context.corpus}", wait_seconds=context.wait_seconds) as lease:
        with context.ledger.read() as conn:
            before = metadata.current(conn, context.corpus) or MetadataSchema()
            use = use_of(conn, context, field)
        schema = change(before, use)
        if not confirmed and (use.filters or use.documents):
            command = f"headrace index {_COMMANDS[decision]} {field} --corpus {context.corpus} --yes"
            raise Withheld(f"{_used(use)}.", hint=f"If it is meant: {command}")
        record(context, lease, schema, reason=f"{field} {decision}")
    return FieldDecision(
        corpus=context.corpus,
        field=field,
        decision=decision,
        use=use,
        schema=metadata.schema_digest(schema),
    )


def _refuse(context: SyncContext, before: MetadataSchema) -> None:
    """Raise Withheld for the first field in use that would go or get another type."""
    for field in before.fields:
        now = context.metadata.get(field.name)
        if now is not None and now.type == field.type:
            continue
        with context.ledger.read() as conn:
            use = use_of(conn, context, field.name)
        if not use.filters and not (use.documents and field.filterable):
            continue
        decision: Literal["dropped", "retyped"] = "dropped" if now is None else "retyped"
        what = (
            f"is gone from headrace.toml, where it was declared {field.type!r}"
            if now is None
            else f"was declared {field.type!r} and is now {now.type!r}"
        )
        command = f"headrace index {_COMMANDS[decision]} {field.name} --corpus {context.corpus} --yes"
        raise Withheld(
            f"Metadata field {field.name!r} of corpus {context.corpus!r} {what}. {_used(use)}. "
            "Nothing was synced.",
            hint=f"Declare it as it was, or decide: {command}",
        )


def _used(use: FieldUse) -> str:
    filters = f"{use.filters:,} recent search{'' if use.filters == 1 else 'es'} filtered by it"
    documents = f"{use.documents:,} document{' has' if use.documents == 1 else 's have'} a value of it"
    return f"Field {use.field!r} is in use: {filters}, and {documents}"


def _named(expression: str) -> Sequence[str]:
    try:
        return fields_of(expression)
    except FilterError:
        return ()  # an older version may have understood it


_COMMANDS = {"dropped": "drop-field", "retyped": "retype-field"}
