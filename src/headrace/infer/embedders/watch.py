"""Hold an embedder against what it gave when it was first used, and keep the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.errors import EmbedderChanged, ProviderError, UsageError
from headrace.infer.embedders.base import Embedded, Embedder, fingerprint_of
from headrace.infer.embedders.sentinels import Measured, difference, lowest_cosine, measure, other_model
from headrace.ledger import sentinels
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.sentinels import Outcome, SentinelCheck

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

_MEASURED = declare("embedding.sentinels_measured")
_IN_TRANSACTION = declare("embedding.check_in_transaction")
_RECORDED = declare("embedding.check_recorded")

ACCEPTABLE_COSINE = 0.98
"""Vectors further from the recorded ones than this are of another space and cannot be accepted into it."""


class Watch:
    """The sentinel texts of one embedder."""

    def __init__(
        self,
        ledger: Ledger,
        embedder: Embedder,
        *,
        own: Sequence[str] = (),
        actor: str,
        asks_dimension: bool = False,
    ) -> None:
        """`asks_dimension`: the length of the vectors is what the provider says, not what was declared."""
        self._ledger = ledger
        self._embedder = embedder
        self._own = own
        self._actor = actor
        self._asks_dimension = asks_dimension

    @property
    def fingerprint(self) -> str:
        """Of the embedder."""
        return self._embedder.fingerprint

    def blocked(self) -> EmbedderChanged | None:
        """Why nothing may be written with this embedder; None when something may."""
        with self._ledger.read() as conn:
            found = sentinels.block(conn, self._embedder.fingerprint)
        return EmbedderChanged(self._embedder.name, reason=found.reason) if found else None

    def expected_models(self) -> tuple[str, ...]:
        """What the provider said it used when its vectors were recorded."""
        with self._ledger.read() as conn:
            return sentinels.expected_models(conn, self._embedder.fingerprint)

    def check(self) -> SentinelCheck:
        """Embed the sentinel texts and record how they compare; the first time they are what is recorded.

        A check that passes lifts a block. Raises ProviderError where the provider cannot even be asked for
        its dimension.
        """
        fingerprint = self._embedder.fingerprint
        measured = measure(self._embedder, self._own)
        fire(_MEASURED)
        if measured.unreachable is not None:
            return self._add("unreachable", measured, reason=measured.unreachable.message)
        with self._ledger.read() as conn:
            recorded = sentinels.recorded(conn, fingerprint)
            models = sentinels.expected_models(conn, fingerprint)
        reason, lowest = difference(recorded, models, measured)
        if not recorded:
            reason = reason or self._other_dimension()
        if reason:
            return self._add("changed", measured, reason=reason, lowest=lowest)
        new = {key: data for key, data in measured.vectors.items() if key not in recorded}
        outcome: Outcome = "passed" if recorded else "recorded"
        return self._add(outcome, measured, lowest=lowest, vectors=new)

    def accept(self, *, reason: str) -> SentinelCheck:
        """Make what the embedder gives now what it is held against. Raises UsageError, ProviderError.

        Refused where the vectors are of another space: they would be mixed with those of before.
        """
        measured = measure(self._embedder, self._own)
        if measured.unreachable is not None:
            raise measured.unreachable
        with self._ledger.read() as conn:
            recorded = sentinels.recorded(conn, self._embedder.fingerprint)
        lowest = lowest_cosine(recorded, measured.vectors)
        if measured.broken or (lowest is not None and lowest < ACCEPTABLE_COSINE):
            said = measured.broken or f"their cosine to the recorded ones is {lowest:g}"
            raise UsageError(
                f"The vectors of {self._embedder.name!r} cannot be accepted: {said}. They would be mixed "
                "with vectors of another space.",
                hint="Set `revision` in its [models] table and sync: a new generation is built.",
            )
        return self._add("accepted", measured, reason=reason, lowest=lowest, vectors=measured.vectors)

    def _other_dimension(self) -> str:
        """What is said of an embedder that is another one only by a length which nobody declared."""
        if not self._asks_dimension:
            return ""
        embedder = self._embedder
        with self._ledger.read() as conn:
            known = sentinels.lengths(conn, embedder.name)
        for fingerprint, length in known.items():
            before = {**embedder.components, "dimension": length}
            if length != embedder.dimension and fingerprint_of(before) == fingerprint:
                return (
                    f"its vectors have {embedder.dimension} dimensions, before they had {length}; if that is "
                    "meant, set `dimensions` in its [models] table and check again"
                )
        return ""

    def note_change(self, given: Embedded, expected_models: Sequence[str]) -> EmbedderChanged | None:
        """Block the embedder where a response of a run shows another model or dimension than before."""
        shapes = [error for error in given.failed.values() if error.details.get("cause") == "dimension"]
        reason = shapes[0].message if shapes else other_model(expected_models, given.echoed_models)
        if not reason:
            return None
        self._add("changed", Measured(vectors={}, models=given.echoed_models), reason=reason)
        return EmbedderChanged(self._embedder.name, reason=reason)

    def _add(
        self,
        outcome: Outcome,
        measured: Measured,
        *,
        reason: str = "",
        lowest: float | None = None,
        vectors: Mapping[str, bytes] | None = None,
    ) -> SentinelCheck:
        embedder = self._embedder

        def write(tx: Write) -> SentinelCheck:
            sentinels.record(tx, embedder.fingerprint, vectors or {})
            check = sentinels.add(
                tx,
                embedder.fingerprint,
                embedder=embedder.name,
                outcome=outcome,
                actor=self._actor,
                reason=reason,
                lowest_cosine=lowest,
                models=measured.models,
            )
            fire(_IN_TRANSACTION)
            return check

        check = self._ledger.write(write)
        fire(_RECORDED)
        return check


def refusal_of(check: SentinelCheck) -> ProviderError | None:
    """The error that a check means for the texts that wait for it; None when it passed."""
    if check.outcome == "changed":
        return EmbedderChanged(check.embedder, reason=check.reason)
    if check.outcome == "unreachable":
        return ProviderError(f"The sentinel texts could not be embedded: {check.reason}")
    return None
