"""`workspace.consents`: what users allow, one call each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.flows.why.nodes import moment
from headrace.ledger import consents
from headrace.ledger.erasure.scope import Scope
from headrace.records.traces import ConsentDecision, ConsentList, ConsentReport

if TYPE_CHECKING:
    from headrace.ledger.consents import Decision, Purpose
    from headrace.ledger.erasers import Eraser
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOperations:
    """What can be done with consents."""

    ledger: Ledger
    keyring: Keyring
    actor: str
    cases: Callable[[], Sequence[Eraser]] = tuple
    """What keeps words of users for evaluation."""
    rows: Callable[[], Sequence[Eraser]] = tuple
    """What keeps them for whatever is permitted."""

    def set(
        self,
        user: str,
        *,
        eval: bool | None = None,  # noqa: A002 - the word of the API
        training: bool | None = None,
        reason: str = "",
    ) -> ConsentReport:
        """Record what a user allows; it counts at once. Only a keyed hash is kept.

        Where eval is refused, cases and eval runs lose the user's words; where neither is allowed, drafts and
        every version of every dataset do too. Doing it again finishes what was cut off. Raises UsageError,
        LeaseHeld.
        """
        given: dict[Purpose, bool] = {}
        if eval is not None:
            given["eval"] = eval
        if training is not None:
            given["training"] = training
        if not given:
            raise UsageError(
                "Allowed or not, and for what?", hint="Say --eval yes|no, --training yes|no, or both."
            )
        subject = self._subject(user)
        self.ledger.write(lambda tx: consents.decide(tx, subject, given, actor=self.actor, reason=reason))
        report = self._report(subject)
        return replace(report, withdrawn=self._withdraw(subject, report.allows))

    def show(self, user: str) -> ConsentReport:
        """What a user allows now, and every decision. Raises UsageError."""
        return self._report(self._subject(user))

    def list(self, *, limit: int = 100) -> ConsentList:
        """Decisions of all users, newest first. Raises UsageError."""
        if limit < 1:
            raise UsageError(f"`limit` is {limit}; it must be 1 or more.")
        with self.ledger.read() as conn:
            return ConsentList(decisions=_decisions(consents.history(conn, limit=limit)))

    def _withdraw(self, subject: str, allows: Mapping[str, bool]) -> dict[str, int]:
        scope = Scope(targets=(), subjects=(subject,))
        erasers = [] if allows["eval"] else [*self.cases(), *([] if allows["training"] else self.rows())]
        found = {}
        for eraser in erasers:
            found[eraser.name] = eraser.erase(scope)
            eraser.clean(scope)
        return {name: count for name, count in found.items() if count}

    def _subject(self, user: str) -> str:
        if not user.strip():
            raise UsageError("The user has no name.", hint="Name a user as calls and signals name it.")
        return self.keyring.subject(user)

    def _report(self, subject: str) -> ConsentReport:
        with self.ledger.read() as conn:
            allows: dict[str, bool] = {
                purpose: bool(consents.allowed(conn, [subject], purpose)) for purpose in consents.PURPOSES
            }
            found = consents.history(conn, subject, limit=1000)
        return ConsentReport(subject=subject, allows=allows, history=_decisions(found))


def _decisions(found: Sequence[Decision]) -> Sequence[ConsentDecision]:
    return tuple(
        ConsentDecision(
            subject=item.subject,
            purpose=item.purpose,
            allowed=item.allowed,
            at=moment(item.decided_at_us) or "",
            actor=item.actor,
            reason=item.reason,
        )
        for item in found
    )
