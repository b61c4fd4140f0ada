"""`workspace.golden`: the operations on golden sets, one call each."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.curate.golden.parts import DEFAULT_SET
from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.curate.golden.parts import GoldenParts
    from headrace.records.golden import (
        CaseInput,
        CaseState,
        GoldenCase,
        GoldenChange,
        GoldenList,
        GoldenRefresh,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenOperations:
    """What can be done with golden sets."""

    parts: GoldenParts

    def list(
        self, golden: str = DEFAULT_SET, *, state: CaseState | None = None, part: str | None = None
    ) -> GoldenList:
        """The cases of a set. Raises NotFoundError."""
        from headrace.curate.golden.cases import listed

        return listed(self.parts, set_name=golden, state=state, part=part)

    def show(self, key: str, *, golden: str = DEFAULT_SET) -> GoldenCase:
        """One case with its life. Raises NotFoundError."""
        from headrace.curate.golden.cases import show

        return show(self.parts, key, set_name=golden)

    def add(
        self, cases: Sequence[CaseInput], *, golden: str = DEFAULT_SET, accept: bool = False, reason: str = ""
    ) -> GoldenChange:
        """Add cases as drafts, or active with `accept`; the same ones twice are there once.

        Personal data is taken out of their texts. Raises UsageError.
        """
        from headrace.curate.golden.cases import add

        return add(self.parts, cases, set_name=golden, accept=accept, reason=reason)

    def edit(self, key: str, *, golden: str = DEFAULT_SET, reason: str = "", **changes: Any) -> GoldenChange:
        """Change fields of a case, by the names of `CaseInput`. Raises NotFoundError, UsageError."""
        from headrace.curate.golden.cases import edit

        return edit(self.parts, key, changes, set_name=golden, reason=reason)

    def accept(self, keys: Sequence[str], *, golden: str = DEFAULT_SET, reason: str = "") -> GoldenChange:
        """Let drafts count, and flaky or retired cases again. Raises NotFoundError, UsageError."""
        from headrace.curate.golden.cases import move

        return move(self.parts, keys, set_name=golden, state="active", reason=reason or "accepted")

    def retire(self, keys: Sequence[str], *, golden: str = DEFAULT_SET, reason: str) -> GoldenChange:
        """Stop running cases; they stay on record. Raises NotFoundError, UsageError without a reason."""
        from headrace.curate.golden.cases import move

        return move(self.parts, keys, set_name=golden, state="retired", reason=reason)

    def import_cases(
        self,
        file: str | os.PathLike[str],
        *,
        golden: str = DEFAULT_SET,
        accept: bool = False,
        reason: str = "",
    ) -> GoldenChange:
        """Add the cases of a JSON Lines file; questions of `index compare` count too. Raises UsageError."""
        from headrace.curate.golden.exchange import import_cases

        return import_cases(self.parts, Path(file), set_name=golden, accept=accept, reason=reason)

    def export(
        self, file: str | os.PathLike[str], *, golden: str = DEFAULT_SET, state: CaseState | None = None
    ) -> GoldenList:
        """Write the cases of a set as JSON Lines. Raises NotFoundError, UsageError."""
        from headrace.curate.golden.exchange import export_cases

        return export_cases(self.parts, Path(file), set_name=golden, state=state)

    def refresh(
        self,
        golden: str = DEFAULT_SET,
        *,
        n: int = 50,
        since: str = "30d",
        keep: int = 3,
        seed: int | None = None,
        accept: bool = False,
    ) -> GoldenRefresh:
        """Draw the month's random sample of production and retire the oldest month. Raises UsageError."""
        from headrace.curate.golden.refresh import refresh

        if not (1 <= n <= 10_000 and keep >= 1):
            raise UsageError("A sample has 1 to 10,000 cases, and at least one month is kept.")
        since_ns = time.time_ns() - _ns(since)
        return refresh(
            self.parts, set_name=golden, n=n, since_ns=since_ns, keep=keep, seed=seed, accept=accept
        )


def _ns(age: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    text = age.strip().lower()
    if len(text) < 2 or text[-1] not in units or not text[:-1].strip().isdigit():
        raise UsageError(f"{age!r} is no length of time.", hint="Such as 24h, 30d or 8w.")
    return int(text[:-1]) * units[text[-1]] * 1_000_000_000
