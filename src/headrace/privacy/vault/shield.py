"""The vault around one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from headrace.errors import HeadraceError, Unprotected, VaultError
from headrace.privacy.vault import coverage, hiding, restoring
from headrace.privacy.vault.saving import Saving
from headrace.privacy.vault.scope import ScopeValues
from headrace.privacy.vault.spans import Scan
from headrace.privacy.vault.streams import VaultStream
from headrace.privacy.vault.values import Value


class Restorer(Protocol):
    """Puts values back into a stream."""

    def feed(self, piece: str) -> str:
        """Take a piece and give what is safe to pass on."""
        ...

    def finish(self) -> str:
        """What was held back."""
        ...


class VaultShield:
    """Values leave as tokens and come back as values, in the scope of one session."""

    def __init__(
        self,
        scan: Scan,
        values: Callable[[], ScopeValues],
        saving: Saving,
        *,
        unprotected: Sequence[str],
        is_strict: bool,
    ) -> None:
        """`values` opens the scope; it is called when the first value or token turns up."""
        self._scan = scan
        self._open = values
        self._values: ScopeValues | None = None
        self._saving = saving
        self._unprotected = list(unprotected)
        self._is_strict = is_strict
        self._resolve = _Resolver(self)
        self._hidden: set[str] = set()
        self._refuse()

    @property
    def unprotected(self) -> Sequence[str]:
        """Types of personal data that this call could not protect, such as names; empty when it could."""
        return tuple(self._unprotected)

    def hide(self, text: str) -> str:
        """Replace personal data by tokens.

        Raises VaultError when the engine fails, and Unprotected in strict mode where the text may hold what
        cannot be found: then nothing may leave.
        """
        self._note(coverage.of_text(text))
        try:
            return hiding.hide(text, self._scan, self._mint)
        except HeadraceError:
            raise
        except Exception as error:
            raise VaultError(
                f"Personal data could not be looked for ({type(error).__name__}), so nothing was sent.",
                hint="Look at [privacy] and its lists; `headrace pii scan FILE` shows what the engine does.",
            ) from error

    def hide_json(self, value: Any) -> Any:
        """The same in every string of a JSON value, keys included."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {self.hide(str(key)): self.hide_json(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_json(part) for part in value]
        return value

    def show(self, text: str) -> str:
        """Replace tokens by their values, changed case and inflected endings included.

        In a text that is JSON the values are escaped as JSON. Tokens that this session did not give are
        counted and left.
        """
        return restoring.show(text, self._resolve)

    def show_json(self, value: Any) -> Any:
        """The same in every string of a JSON value; a string that is JSON itself stays JSON."""
        return restoring.show_value(value, self._resolve)

    def stream(self, *, json: bool = False) -> VaultStream:
        """A restorer for one stream; `json` for a stream that is one JSON text."""
        return VaultStream(self._resolve, json=json, at_end=self._save)

    def facts(self) -> Mapping[str, int]:
        """Counts for the record of the call: hidden, shown, unknown tokens; never a value."""
        self._save()
        return {
            "hidden": len(self._hidden),
            "shown": self._resolve.shown,
            "unknown": self._resolve.unknown,
        }

    def settle(self) -> Future[None]:
        """Resolves once the tokens of this call and the note of what was shown are durable.

        An answer may leave only after it. Raises StorageError when they cannot be stored.
        """
        self._save()
        return self._saving.settled()

    def values(self) -> ScopeValues:
        """The scope, opened at first use."""
        if self._values is None:
            self._values = self._open()
        return self._values

    def _mint(self, kind: str, value: Value) -> str:
        name = self.values().mint(kind, value)
        self._hidden.add(name)
        return name

    def _note(self, types: Sequence[str]) -> None:
        self._unprotected += [name for name in types if name not in self._unprotected]
        self._refuse()

    def _refuse(self) -> None:
        if self._is_strict and self._unprotected:
            raise Unprotected(self._unprotected)

    def _save(self) -> None:
        if self._values is not None:
            self._saving.save(self._values, has_hidden=bool(self._hidden), shown=self._resolve.shown)


class _Resolver:
    """Looks values up and counts."""

    def __init__(self, shield: VaultShield) -> None:
        self._shield = shield
        self.shown = 0
        self.unknown = 0

    def __call__(self, name: str) -> Value | None:
        value = self.peek(name)
        if value is None:
            self.unknown += 1
        else:
            self.shown += 1
        return value

    def peek(self, name: str) -> Value | None:
        return self._shield.values().get(name)


class OpenShield:
    """No vault: everything passes as it is."""

    unprotected: Sequence[str] = ()

    def hide(self, text: str) -> str:
        """The text."""
        return text

    def hide_json(self, value: Any) -> Any:
        """The value."""
        return value

    def show(self, text: str) -> str:
        """The text."""
        return text

    def show_json(self, value: Any) -> Any:
        """The value."""
        return value

    def stream(self, *, json: bool = False) -> Restorer:
        """Passes pieces on."""
        return _Passing()

    def facts(self) -> Mapping[str, int]:
        """Nothing was hidden."""
        return {}

    def settle(self) -> Future[None]:
        """Nothing is to be stored."""
        done: Future[None] = Future()
        done.set_result(None)
        return done


class _Passing:
    def feed(self, piece: str) -> str:
        return piece

    def finish(self) -> str:
        return ""
