"""Stores what a call hid and that values were shown, with the commits of whoever writes at the same time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from headrace.errors import VaultError
from headrace.ledger.storage.grouping import settle, settle_error
from headrace.privacy.vault import store
from headrace.privacy.vault.keys import ScopeKey
from headrace.privacy.vault.scope import ScopeValues

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

_log = logging.getLogger(__name__)
_MOST_TRIES = 3


class Saving:
    """The writes of one call."""

    def __init__(
        self,
        ledger: Ledger,
        scope: str,
        *,
        ties: Sequence[str],
        shown: Callable[[int], store.Shown],
        purge: Callable[[Write], None],
    ) -> None:
        """`shown` makes the audit entry for so many tokens; `purge` takes away what has expired."""
        self._ledger = ledger
        self._scope = scope
        self._ties = ties
        self._shown = shown
        self._purge = purge
        self._key: ScopeKey | None = None
        self._reopen: Callable[[], ScopeKey | None] | None = None
        self._noted = 0
        self._has_ties = False
        self._pending: list[Future[None]] = []

    def use(self, key: ScopeKey, *, reopen: Callable[[], ScopeKey | None]) -> None:
        """Seal with this key. `reopen` gives the one that replaced it, None where nothing may be kept."""
        self._key, self._reopen = key, reopen

    def save(self, values: ScopeValues, *, has_hidden: bool, shown: int) -> None:
        """Store what is not stored yet; returns at once."""
        names = list(values.fresh)
        more = shown - self._noted
        with_ties = has_hidden and not self._has_ties
        if not (names or more or with_ties):
            return
        values.fresh.clear()
        self._noted, self._has_ties = shown, self._has_ties or with_ties
        after: Future[None] = Future()
        self._pending.append(after)
        entry = self._shown(more) if more else None
        self._submit(values, names if names or with_ties else None, entry, after, tries=_MOST_TRIES)

    def settled(self) -> Future[None]:
        """Resolves when everything given to `save` is durable."""
        return together(tuple(self._pending))

    def _submit(
        self,
        values: ScopeValues,
        names: Sequence[str] | None,
        entry: store.Shown | None,
        after: Future[None],
        *,
        tries: int,
    ) -> None:
        key = self._key
        rows = [] if key is None or not names else values.sealed(self._scope, key, names)

        def work(tx: Write) -> bool:
            kept = True
            if key is not None and names is not None:
                others = store.same_tokens(tx.conn, self._scope, names)
                if any(values.is_other(row) for row in others):
                    raise VaultError(
                        "Two values got the same token at the same time, so nothing was stored.",
                        hint="Make the call again: one of them gets another token.",
                    )
                kept = store.add(tx, key.row, rows, self._ties, is_new=key.is_new)
            if entry is not None and kept:
                store.audit(tx, entry)
            self._purge(tx)
            return kept

        def done(future: Future[bool]) -> None:
            error = future.exception()
            if error is not None:
                _log.warning("The vault could not store what a call hid: %s", error)
                after.set_exception(error)
                return
            if future.result():
                after.set_result(None)
                return
            try:
                self._key = self._reopen() if self._reopen and tries > 1 else None
                again = names if self._key is not None else None
                self._submit(values, again, entry, after, tries=tries - 1)
            except BaseException as problem:  # noqa: BLE001 - handed to whoever waits
                if not after.done():
                    after.set_exception(problem)

        try:
            submitted = self._ledger.submit(work)
        except BaseException as closed:
            after.set_exception(closed)
            raise
        submitted.add_done_callback(done)


def together(futures: Sequence[Future[None]]) -> Future[None]:
    """Resolves when all of these have, with the first error among them."""
    result: Future[None] = Future()
    left = len(futures)
    lock = threading.Lock()

    def done(_: Future[None]) -> None:
        nonlocal left
        with lock:
            left -= 1
            if left:
                return
        error = next((error for item in futures if (error := item.exception()) is not None), None)
        if error is None:
            settle(result, None)
        else:
            settle_error(result, error)

    if not futures:
        settle(result, None)
    for item in tuple(futures):
        item.add_done_callback(done)
    return result
