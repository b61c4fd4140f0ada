"""The chain of migrations between the versions of one schema: pure functions from JSON value to JSON value.

It knows nothing of where values are stored, so whatever carries a schema version can be read through it.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.errors import MigrationFailed, VersionRefused
from headrace.ledger.identity import digest

Translate = Callable[[Any], Any]
Check = Callable[[int, Any], Sequence[str]]
"""What a value breaks in a version of the schema, in words; empty when it is valid."""

_MOST_SAID = 3
_TELLING = (KeyError, IndexError, AttributeError, TypeError, NameError, NotImplementedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one version to the next one that is known, and perhaps back."""

    lower: int
    upper: int
    upgrade: Translate
    downgrade: Translate | None
    """None where there is no way back."""
    where: str
    """File, or what stands in for one."""
    source: str = ""
    """Digest of the code; empty for what needs none."""


class Chain:
    """The steps of one schema in order."""

    def __init__(
        self, name: str, *, newest: int, steps: Sequence[Step], check: Check = lambda _version, _value: ()
    ) -> None:
        self.name = name
        self.newest = newest
        """The version that values are read in unless another one is asked for."""
        self.fingerprint = digest("chain", sorted([step.lower, step.upper, step.source] for step in steps))
        """Another one when a step comes, goes, or is written differently."""
        self._up = {step.lower: step for step in steps}
        self._down = {step.upper: step for step in steps}
        self._highest = max([newest, *(step.upper for step in steps)])
        self._check = check

    def translate(self, value: Any, *, source: int, target: int | None = None) -> Any:
        """A value of version `source` as one of version `target`; the newest if None. `value` is not changed.

        Raises VersionRefused for a version newer than any known here, and MigrationFailed when a step is
        missing, raises, is not pure, or gives what the schema of its version does not allow.
        """
        wanted = self.newest if target is None else target
        text, at = _text(value, f"a value of {self.name!r}"), source
        for step in self.path(source, wanted):
            up = step.lower == at
            to = step.upper if up else step.lower
            text = self._apply(step, text, to, up=up)
            at = to
        return json.loads(text)

    def path(self, source: int, target: int) -> list[Step]:
        """The steps between two versions, in the order in which they are taken. Raises as `translate`."""
        for version in (source, target):
            if version > self._highest:
                raise VersionRefused(
                    f"{self.name!r} has version {version} here, and the newest that is known is "
                    f"{self._highest}.",
                    hint=f"Bring schemas/ up to date: version {version} and "
                    f"schemas/migrations/{self.name}_{self._highest}_to_{version}.py are missing.",
                    version=version,
                    known=self._highest,
                )
        steps, at = [], source
        while at != target:
            step = self._up.get(at) if at < target else self._down.get(at)
            if step is None or (step.upper > target if at < target else step.lower < target):
                raise self._missing(at, target)
            if at > target and step.downgrade is None:
                raise self._missing(at, target, where=step.where)
            steps.append(step)
            at = step.upper if at < target else step.lower
        return steps

    def _apply(self, step: Step, text: str, to: int, *, up: bool) -> str:
        translate = step.upgrade if up else step.downgrade
        assert translate is not None
        results = []
        for _ in range(2):
            given = json.loads(text)
            try:
                result = translate(given)
            except Exception as error:
                raise self._failed(step, to, f"raised {_said(error)}") from error
            if _text(given, "") != text:
                raise self._failed(step, to, "changed the value it was given: copy it first")
            results.append(self._json(step, to, result))
        if results[0] != results[1]:
            raise self._failed(step, to, "gave two different results for the same value")
        wrong = self._check(to, json.loads(results[0]))
        if wrong:
            said = "; ".join(wrong[:_MOST_SAID])
            raise self._failed(step, to, f"gave what version {to} does not allow: {said}")
        return results[0]

    def _json(self, step: Step, to: int, result: Any) -> str:
        try:
            return _text(result, "")
        except (TypeError, ValueError, RecursionError) as error:
            raise self._failed(step, to, f"gave what is no JSON: {error}") from error

    def _failed(self, step: Step, to: int, what: str) -> MigrationFailed:
        return MigrationFailed(
            f"{self.name!r} to version {to} ({step.where}): it {what}{'' if what.endswith('?') else '.'}",
            hint=f"Correct the migration, then run `headrace schema check {self.name}`. "
            "What is stored was not changed.",
            schema=self.name,
            version=to,
        )

    def _missing(self, at: int, target: int, *, where: str = "") -> MigrationFailed:
        if at < target:
            what = f"There is no migration of {self.name!r} from version {at} towards {target}."
            hint = f"headrace schema migrate {self.name}"
        else:
            what = f"{self.name!r} has no way back from version {at} to {target}."
            hint = f"Write a function `downgrade(value)` in {where or 'its migration file'}."
        return MigrationFailed(what, hint=hint, schema=self.name, version=target)


def _said(error: Exception) -> str:
    """What was raised, and on which line; its words only where they name types and keys, never values."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)[1:] if frame.name != "undecided"]
    line = f" on line {frames[-1].lineno}" if frames else ""
    words = f": {error}" if isinstance(error, _TELLING) else ""
    return f"{type(error).__name__}{line}{words}"


def _text(value: Any, what: str) -> str:
    """JSON as text: the form in which values are carried, compared and copied."""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        if not what:
            raise
        raise MigrationFailed(f"{what} is no JSON: {error}.") from error
