"""Who takes forgotten documents out of which store: a room that keeps derived data says so here.

An eraser finds and erases what a scope names. `covers` declares what an eraser, or a reason, answers for:
`table:<name>` for a table of the ledger, `folder:<name>` for a folder of the state, `events:<name>` for a
table of events. tests/architecture/test_erasers.py fails for anything that nobody declared.

The eraser of a store whose items lie encrypted has `opens_all = True`: its `find` opens and reads every item,
since no scan of files can.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from headrace.ledger.erasure.scope import Scope

COVERED: dict[str, str] = {}
"""Place to the eraser that clears it."""

EXEMPT: dict[str, str] = {}
"""Place to the reason why it holds nothing of a document."""


@runtime_checkable
class Eraser(Protocol):
    """Takes the documents of a scope out of one store; doing it twice is the same as once.

    class CacheEraser:
        name = "cache"

        def find(self, scope: Scope) -> int: ...
        def erase(self, scope: Scope) -> int: ...
        def clean(self, scope: Scope) -> None: ...
    """

    @property
    def name(self) -> str:
        """The store, as reports and certificates name it."""
        ...

    def find(self, scope: Scope) -> int:
        """How many items of the scope are there."""
        ...

    def erase(self, scope: Scope) -> int:
        """Take them out of what readers see; returns how many there were."""
        ...

    def clean(self, scope: Scope) -> None:
        """Remove what only old versions, logs and free pages still hold of them."""
        ...


def covers(eraser: str, *places: str) -> None:
    """Declare that an eraser clears these places."""
    COVERED.update(dict.fromkeys(places, eraser))


def exempt(reason: str, *places: str) -> None:
    """Declare that these places hold nothing of a document, and why."""
    EXEMPT.update(dict.fromkeys(places, reason))
