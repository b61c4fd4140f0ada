"""Every error Headrace raises on purpose.

HeadraceError
├── UsageError               the caller asked for something that cannot be (exit 2)
│   ├── ConfigError          headrace.toml is wrong: file, line, key, allowed values
│   ├── WorkspaceNotFound    no headrace.toml here or above
│   ├── NotFoundError        a named thing does not exist
│   ├── FilterError          a filter expression does not parse
│   ├── MissingExtra         an optional package is not installed
│   ├── VersionRefused       a stored value is not served in this version: too new, or past its support
│   ├── CallRefused          a call that may not be made as asked; nothing was sent to a model
│   ├── KeyNeeded            no key, or none that counts, came with the request
│   ├── KeyForbids           the key does not open this
│   └── KeyExhausted         the key has used up its requests of the minute or its budget of the day
├── DocumentError            one document failed; the rest goes on (recorded, never raised through a sync)
│   ├── ReadError            the source could not give its bytes
│   ├── ParseError           its bytes could not be read as text
│   ├── GateStopped          a gate keeps it out
│   └── LimitExceeded        it took more time, memory or space than allowed
├── StorageError             a store could not do what was asked
│   ├── SchemaTooNew         the ledger was written by a newer version
│   ├── LeaseHeld            another writer holds the lease
│   ├── LeaseLost            this writer lost its lease: nothing more may be published
│   ├── RefConflict          a pointer moved under a compare-and-set
│   ├── StateConflict        a session or profile moved on under a compare-and-set
│   └── DiskFull             no space left; nothing was published
├── ProviderError            an upstream model or embedder failed
│   ├── RetryableError       may work later (429, 5xx, timeout, connection)
│   ├── TerminalError        will not work as asked (4xx, wrong shape)
│   │   └── VectorMismatch   a vector has the wrong dimension, is not finite, or comes from another embedder
│   └── NotSent              nothing was asked of the provider: someone has to decide (exit 3)
│       ├── EmbedderChanged  its vectors are no longer those that were recorded
│       └── BudgetReached    the run has spent what it may spend
├── MigrationFailed          a stored value cannot be translated from one schema version to another
├── VaultError               the vault could not protect or restore: nothing left, nothing was shown
│   └── Unprotected          strict mode: a call holds what the vault cannot find
└── Withheld                 needs a decision before it goes on (exit 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class HeadraceError(Exception):
    """Base of all; `message` says what is wrong, `hint` what to do next, `details` the facts."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    @property
    def type(self) -> str:
        """The name of the error on the wire."""
        return type(self).__name__

    def to_wire(self) -> dict[str, Any]:
        """The one error shape of every door."""
        details = {key: str(value) for key, value in self.details.items()}
        return {"error": {"type": self.type, "message": self.message, "hint": self.hint, "details": details}}


class UsageError(HeadraceError):
    """The caller asked for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """A key or value of headrace.toml is wrong."""

    def __init__(
        self,
        problem: str,
        *,
        key: str = "",
        file: str = "",
        line: int | None = None,
        column: int | None = None,
        allowed: Sequence[str] = (),
        nearest: str | None = None,
    ) -> None:
        where = ":".join(str(part) for part in (file, line, column) if part)
        parts = [f"{where}: " if where else "", problem]
        if allowed:
            parts.append(f" Allowed: {', '.join(allowed)}.")
        hint = f"Did you mean {nearest!r}?" if nearest else "Correct the file and run the command again."
        super().__init__("".join(parts), hint=hint, key=key, file=file, line=line)


class WorkspaceNotFound(UsageError):
    """No headrace.toml was found."""

    def __init__(self, looked_in: Sequence[str]) -> None:
        places = ", ".join(repr(place) for place in looked_in)
        super().__init__(
            f"No headrace.toml found. Looked in: {places}.",
            hint="Run `headrace init DIR --source PATH`, or name one with --workspace DIR.",
        )


class NotFoundError(UsageError):
    """A named thing does not exist."""

    def __init__(self, kind: str, name: str, *, known: Sequence[str] = (), hint: str = "") -> None:
        listing = f" Known: {', '.join(repr(item) for item in known[:12])}." if known else ""
        super().__init__(f"No {kind} {name!r}.{listing}", hint=hint, kind=kind, name=name)


class FilterError(UsageError):
    """A filter expression does not parse."""

    def __init__(self, expression: str, problem: str, *, position: int | None = None) -> None:
        at = f" at character {position + 1}" if position is not None else ""
        super().__init__(
            f"Filter {expression!r}: {problem}{at}.",
            hint="Write for example: year >= 2020 and lang in ('en', 'de') and not media_type = 'text/html'.",
            expression=expression,
        )


class VersionRefused(UsageError):
    """A stored value is not served in the version that was asked for."""


class MissingExtra(UsageError):
    """An optional package is not installed."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(
            f"{what} needs packages that are not installed.",
            hint=f"pip install 'headrace[{extra}]'",
            extra=extra,
        )


class CallRefused(UsageError):
    """A call may not be made as it was asked for; nothing was sent to a model."""


class KeyNeeded(UsageError):
    """No key, or none that counts, came with the request."""


class KeyForbids(UsageError):
    """The key of the caller does not open this."""


class KeyExhausted(UsageError):
    """The key of the caller has used up its requests of this minute, or its budget of this day."""

    def __init__(self, message: str, *, hint: str, cause: str, retry_after_seconds: int) -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.cause = cause
        """rate or budget."""
        self.retry_after_seconds = retry_after_seconds


class DocumentError(HeadraceError):
    """One document failed; the rest goes on."""


class ReadError(DocumentError):
    """The source could not give the bytes of a document."""


class ParseError(DocumentError):
    """The bytes could not be read as text."""


class GateStopped(DocumentError):
    """A gate keeps the document out.

    `stage` is `gate` where it waits, `dropped` where it is left out, `rejected` where a person keeps it out.
    """

    def __init__(self, message: str, *, stage: str) -> None:
        super().__init__(
            message, hint="See `headrace gate quarantine list`; change the document or the gate."
        )
        self.stage = stage


class LimitExceeded(DocumentError):
    """The document took more time, memory or space than allowed."""


class StorageError(HeadraceError):
    """A store could not do what was asked."""


class SchemaTooNew(StorageError):
    """The ledger was written by a newer version of Headrace."""

    exit_code = 2

    def __init__(self, *, found: str, known: str) -> None:
        super().__init__(
            f"The ledger has schema {found!r}; this version of Headrace knows schemas up to {known!r}.",
            hint="Upgrade Headrace, or restore the backup taken before the upgrade.",
            found=found,
            known=known,
        )


class LeaseHeld(StorageError):
    """Another writer holds the lease."""

    def __init__(self, name: str, *, holder: str, expires_us: int) -> None:
        super().__init__(
            f"{name!r} is being written by {holder}.",
            hint="Wait for it to finish; a dead writer's lease ends by itself within its time to live.",
            holder=holder,
            expires_us=expires_us,
        )


class LeaseLost(StorageError):
    """This writer lost its lease, so nothing more may be published by it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The lease on {name!r} went to another writer; nothing more was published by this one.",
            hint="Run the command again: it goes on from the last published batch.",
        )


class RefConflict(StorageError):
    """A pointer moved under a compare-and-set."""

    def __init__(self, name: str, *, expected: str | None, found: str | None) -> None:
        super().__init__(
            f"Ref {name!r} points to {found!r}, not to {expected!r} as expected.",
            hint="Someone else moved it; look at what it points to now and decide again.",
            expected=expected,
            found=found,
        )


class StateConflict(StorageError):
    """A session or profile moved on under a compare-and-set."""

    def __init__(self, what: str, name: str, *, expected: int, found: int) -> None:
        super().__init__(
            f"{what} {name!r} is at {found}, not at {expected} as expected.",
            hint="Somebody else wrote meanwhile, and nothing of it is lost: read it and decide again.",
            expected=expected,
            found=found,
        )


class DiskFull(StorageError):
    """No space left on the device; nothing was published."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"No space left while writing {path!r}. What was serving still serves; "
            "nothing half-written is visible.",
            hint="Free some space and run the command again: it goes on from the last published batch.",
            path=path,
        )


class ProviderError(HeadraceError):
    """An upstream model or embedder failed."""


class RetryableError(ProviderError):
    """The upstream may answer later; `retry_after_seconds` is what it asked for, if it did."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, **details: Any) -> None:
        super().__init__(
            message, hint="It is retried with backoff; if it lasts, look at the provider.", **details
        )
        self.retry_after_seconds = retry_after_seconds


class TerminalError(ProviderError):
    """The upstream will not answer this as asked."""


class VectorMismatch(TerminalError):
    """A vector has the wrong dimension, is not finite, or comes from another embedder."""


class NotSent(ProviderError):
    """Nothing was asked of the provider: someone has to decide first."""

    exit_code = 3


class EmbedderChanged(NotSent):
    """An embedder no longer gives the vectors that were recorded for its sentinel texts."""

    def __init__(self, embedder: str, *, reason: str) -> None:
        super().__init__(
            f"Embedder {embedder!r} is blocked: {reason}",
            hint="If the model is another one, set `revision` in its [models] table: a new generation is "
            "built. If it is itself again: headrace embed check. If the change is harmless: "
            "headrace embed accept --reason TEXT.",
            embedder=embedder,
        )


class BudgetReached(NotSent):
    """The run has spent what it may spend."""

    def __init__(self, budget: str) -> None:
        super().__init__(
            f"The budget of a run, {budget}, is reached.",
            hint="What is embedded is kept. Sync again for another such run, or raise it: "
            "headrace sync --budget 1000000.",
            budget=budget,
        )


class MigrationFailed(HeadraceError):
    """A migration is missing, raised, is no pure function, or gave what its schema does not allow."""


class VaultError(HeadraceError):
    """The vault could not do its work, so nothing was sent and nothing shown."""


class Unprotected(VaultError):
    """Strict mode: the call may hold personal data of a kind that the vault cannot find."""

    exit_code = 3

    def __init__(self, types: Sequence[str]) -> None:
        listed = ", ".join(types)
        super().__init__(
            f"The vault cannot find {listed} in this call, and its policy is strict: nothing was sent.",
            hint="Switch `[privacy] names` on, give lists of names with `people`, or set the prompt's "
            "`vault` to `on`: then such calls are sent and marked.",
            types=listed,
        )


class Withheld(HeadraceError):
    """Something needs a decision before it goes on."""

    exit_code = 3
