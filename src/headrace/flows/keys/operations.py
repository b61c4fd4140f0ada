"""`workspace.keys`: the operations on keys of callers."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError, UsageError
from headrace.infer.embedders.budget import Budget, parse_budget
from headrace.ledger import access_keys
from headrace.ledger.access_keys import AccessKeyRow, KeyedUse
from headrace.records.keys import SCOPES, KeyCreated, KeyList, KeyReport, KeyUse
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger, Write

PREFIX = "hr_"
"""Of every secret, so that scanners of repositories and logs find one that leaked."""
DEFAULT_SCOPES = ("chat", "embeddings")
_CURRENCY = "USD"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOperations:
    """What can be done with keys."""

    ledger: Ledger
    keyring: Keyring
    actor: str

    def create(
        self,
        name: str,
        *,
        scopes: Sequence[str] = (),
        access: Sequence[str] = (),
        per_minute: int | None = None,
        budgets_per_day: Sequence[str] = (),
    ) -> KeyCreated:
        """Make a key and give its secret, which nobody can show again. Raises UsageError.

        `scopes` are of `records.keys.SCOPES`, chat and embeddings where none is named. `access` are labels of
        documents. A budget is money such as `5 USD`, or tokens such as `200000`; both may be given.
        """
        budget = _budget(budgets_per_day)
        _check(name, scopes, per_minute)
        secret = PREFIX + secrets.token_urlsafe(32)
        row = AccessKeyRow(
            id=f"key_{secrets.token_hex(8)}",
            name=name,
            secret=self._hashed(secret),
            scopes=",".join(dict.fromkeys(scopes or DEFAULT_SCOPES)),
            access=json.dumps(sorted(set(access)), ensure_ascii=False),
            per_minute=per_minute,
            tokens_per_day=budget.tokens,
            micro_per_day=budget.money_micro,
            currency=budget.currency or _CURRENCY,
            created_at_us=0,
            created_by=self.actor,
            revoked_at_us=None,
            revoked_by=None,
        )
        made = self.ledger.write(lambda tx: _add(tx, row))
        return KeyCreated(key=_report(KeyedUse(made, access_keys.UseRow())), secret=secret)

    def list(self) -> KeyList:
        """Every key with what it has used today; never a secret."""
        with self.ledger.read() as conn:
            return KeyList(items=[_report(row) for row in access_keys.everything(conn, day=_today())])

    def revoke(self, name: str) -> KeyReport:
        """End a key: its next request is refused, also where a server runs. Raises NotFoundError."""

        def work(tx: Write) -> None:
            found = access_keys.named(tx.conn, name)
            if found is None:
                raise NotFoundError("key", name, hint="`headrace key list` shows them.")
            access_keys.revoke(tx, found.id, actor=self.actor)

        self.ledger.write(work)
        return next(key for key in reversed(self.list().items) if key.name == name)

    def any_made(self) -> bool:
        """Whether a key was ever made: from then on a server answers nobody without one."""
        return self.ledger.kept("access keys", access_keys.any_made)

    def find(self, secret: str | None) -> KeyedUse | None:
        """The key that a secret belongs to, revoked or not, with what it has used today."""
        if not secret or not secret.startswith(PREFIX):
            return None
        with self.ledger.read() as conn:
            return access_keys.find(conn, self._hashed(secret), day=_today())

    def _hashed(self, secret: str) -> str:
        return self.keyring.keyed("secret", secret)


def _add(tx: Write, row: AccessKeyRow) -> AccessKeyRow:
    if access_keys.named(tx.conn, row.name) is not None:
        raise UsageError(
            f"There is a key {row.name!r} already.",
            hint=f"Choose another name, or end it first: headrace key revoke {row.name}",
        )
    made = row._replace(created_at_us=tx.now_us)
    access_keys.add(tx, made)
    return made


def _check(name: str, scopes: Sequence[str], per_minute: int | None) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a key.",
            hint="Letters, digits, '.', '_' and '-', at most 64, a letter or digit first.",
        )
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise UsageError(f"No scope {unknown[0]!r}. Allowed: {', '.join(SCOPES)}.", hint="Name it again.")
    if per_minute is not None and per_minute < 1:
        raise UsageError(f"{per_minute} requests a minute are none.", hint="1 or more; leave it out for all.")


def _budget(texts: Sequence[str]) -> Budget:
    """Tokens and money of several budgets together."""
    found = [parse_budget(text) for text in texts]
    tokens = [item.tokens for item in found if item.tokens is not None]
    money = [item for item in found if item.money_micro is not None]
    if len(tokens) > 1 or len(money) > 1:
        raise UsageError("A key has one budget of money and one of tokens.", hint="Name each once.")
    return Budget(
        tokens=tokens[0] if tokens else None,
        money_micro=money[0].money_micro if money else None,
        currency=money[0].currency if money else "",
    )


def _report(item: KeyedUse) -> KeyReport:
    row, used = item
    return KeyReport(
        id=row.id,
        name=row.name,
        scopes=[scope for scope in SCOPES if scope in row.scopes.split(",")],
        access=json.loads(row.access),
        per_minute=row.per_minute,
        tokens_per_day=row.tokens_per_day,
        micro_per_day=row.micro_per_day,
        currency=row.currency or _CURRENCY,
        created_at=rfc3339(row.created_at_us),
        created_by=row.created_by,
        revoked_at=None if row.revoked_at_us is None else rfc3339(row.revoked_at_us),
        today=KeyUse(**used._asdict()),
    )


def _today() -> int:
    return access_keys.day_of(time.time_ns() // 1000)
