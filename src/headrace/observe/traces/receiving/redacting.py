"""Takes users' names and personal data out of what arrived, in place, before anything of it is written."""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from headrace.observe.traces.receiving.arrived import Arrived, Problem
from headrace.observe.traces.receiving.jsontext import container, text_of
from headrace.observe.traces.receiving.names import SESSIONS, USERS_TOO
from headrace.privacy.redact import outside_marks
from headrace.records.privacy import Finding

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.privacy.engine import Engine

Mode = Literal["tokens", "remove", "hash", "off"]

_BREAK = "\n\x00\n"
"""Stands between the texts of one scan; nothing that is looked for reaches over it."""
_SUBJECT = re.compile(r"subject_[a-z2-7]{26}")
_NAME = re.compile(r"[a-z]{2,12}_[a-z2-7]{26}")
"""Names that this program gives, such as those of chunks; they are hashes."""
_SHORT = 80
"""Texts up to this length are remembered as clean: names and numbers come again and again."""
_MOST_KNOWN = 50_000
_LEAST_NUMBER = 100_000_000
"""Whole numbers from nine digits on are looked at like texts."""
_TIMES_NS = 10**17
"""Numbers from here on are times in nanoseconds, and no numbers of people."""
_MOST_USERS = 10_000
_LINK_IDS = ("trace", "span")
_NO_TEXTS = frozenset({"parent", "links", "kind", "start", "end", "time", "observed", "flags", "severity"})


class Redactor:
    """One policy over one engine. Safe to share between threads."""

    def __init__(self, engine: Callable[[], Engine], keyring: Keyring, *, mode: Mode) -> None:
        """`engine` is called at the first text."""
        self._open = engine
        self._keyring = keyring
        self._mode = mode
        self._clean: set[str] = set()
        self._users: dict[str, str] = {}

    @property
    def mode(self) -> Mode:
        """What stands in the place of a finding."""
        return self._mode

    @property
    def unprotected(self) -> list[str]:
        """Types that are not looked for."""
        return [] if self._mode == "off" else self._open().unprotected

    def __call__(self, items: Sequence[Arrived]) -> None:
        """Redact items; one whose texts the engine fails on gets a problem and stays as it came."""
        self._hide_users(items)
        if self._mode == "off":
            return
        engine = self._open()
        try:
            self._redact(engine, items)
        except Exception as error:  # noqa: BLE001 - one text that the engine fails on must not cost the others
            self._one_by_one(engine, items, error)

    def user(self, name: str) -> str:
        """The keyed hash of a user; one that is a hash already stays."""
        text = name.strip()
        if _SUBJECT.fullmatch(text):
            return text
        found = self._users.get(text)
        if found is None:
            if len(self._users) >= _MOST_USERS:
                self._users.clear()
            found = self._users[text] = self._keyring.subject(text)
        return found

    def _hide_users(self, items: Sequence[Arrived]) -> None:
        seen: set[int] = set()
        for item in items:
            for part in (item.body, item.resource, item.scope):
                attributes = part.get("attributes")
                if not attributes or id(attributes) in seen:
                    continue
                seen.add(id(attributes))
                for name in USERS_TOO.intersection(attributes):
                    if attributes[name] not in (None, ""):
                        attributes[name] = self.user(text_of(attributes[name]))
            for event in (*item.body.get("events", ()), *item.body.get("links", ())):
                attributes = event.get("attributes", {})
                for name in USERS_TOO.intersection(attributes):
                    attributes[name] = self.user(text_of(attributes[name]))

    def _one_by_one(self, engine: Engine, items: Sequence[Arrived], error: Exception) -> None:
        for item in items:
            try:
                self._redact(engine, [item])
            except Exception as failure:  # noqa: BLE001 - the reason is kept with the item
                item.problem = item.problem or Problem(
                    "redaction_failed", f"Personal data could not be looked for: {type(failure).__name__}."
                )

    def _redact(self, engine: Engine, items: Sequence[Arrived]) -> None:
        texts = [_Texts(item, self._clean) for item in items]
        shared: dict[int, list[str]] = {}
        for item in items:
            for part in (item.resource, item.scope):
                if id(part) not in shared:
                    shared[id(part)] = _Texts.of(part, self._clean)
        every = dict.fromkeys(text for found in texts for text in found.leaves)
        every.update(dict.fromkeys(text for found in shared.values() for text in found))
        dirty = self._dirty(engine, list(every))
        if len(self._clean) > _MOST_KNOWN:
            self._clean.clear()
        self._clean.update(text for text in every if len(text) <= _SHORT and text not in dirty)
        if not dirty:
            return
        writer = _Writer(dirty, self._keyring)
        for item, found in zip(items, texts, strict=True):
            if not dirty.keys().isdisjoint(found.leaves):
                item.body = writer.body(item.body)
                item.redacted = writer.taken()
        parts: dict[int, Any] = {}
        for item in items:
            for name in ("resource", "scope"):
                part = getattr(item, name)
                if dirty.keys().isdisjoint(shared[id(part)]):
                    continue
                if id(part) not in parts:
                    parts[id(part)] = (part, writer.value(part))  # the part too, so that its id stays its own
                setattr(item, name, parts[id(part)][1])

    def _dirty(self, engine: Engine, texts: Sequence[str]) -> dict[str, tuple[str, Counter[str]]]:
        """Texts with findings, each with what takes its place and what was found.

        What takes a finding's place can show another one, so what changed is looked at until nothing does.
        """
        current = {text: text for text in texts}
        counts: dict[str, Counter[str]] = {}
        waiting = list(texts)
        while waiting:
            found = _findings(engine, [current[text] for text in waiting])
            for place, findings in found.items():
                text = waiting[place]
                counts.setdefault(text, Counter()).update(finding.type for finding in findings)
                current[text] = "".join(self._pieces(current[text], findings))
            waiting = [waiting[place] for place in found]
        return {text: (current[text], counts[text]) for text in counts}

    def _pieces(self, text: str, findings: Sequence[Finding]) -> Iterator[str]:
        at = 0
        for finding in findings:
            yield text[at : finding.start]
            yield self._instead(finding.type, text[finding.start : finding.end])
            at = finding.end
        yield text[at:]

    def _instead(self, kind: str, value: str) -> str:
        if self._mode == "remove":
            return ""
        if self._mode == "hash":
            return f"[{kind}_{self._keyring.keyed('pii', kind, value).rpartition('_')[2][:13]}]"
        return f"[{kind}]"


def _findings(engine: Engine, texts: Sequence[str]) -> dict[int, list[Finding]]:
    """Findings by the position of their text, from one scan of all texts."""
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + len(_BREAK)
    found: dict[int, list[Finding]] = {}
    for finding in engine.scan(_BREAK.join(texts)):
        place = bisect_right(starts, finding.start) - 1
        begin, end = finding.start - starts[place], finding.end - starts[place]
        if end > len(texts[place]) + len(_BREAK):  # nothing should reach over a break: look at each by itself
            return _one_at_a_time(engine, texts)
        end = min(end, len(texts[place]))
        if begin < end:
            moved = replace(finding, start=begin, end=end)
            found.setdefault(place, []).append(moved)
    outside = {place: outside_marks(texts[place], findings) for place, findings in found.items()}
    return {place: findings for place, findings in outside.items() if findings}


def _one_at_a_time(engine: Engine, texts: Sequence[str]) -> dict[int, list[Finding]]:
    scanned = {place: outside_marks(text, engine.scan(text)) for place, text in enumerate(texts)}
    return {place: findings for place, findings in scanned.items() if findings}


class _Texts:
    """Every text of an item that is not known to be clean: values, names of attributes, texts inside JSON."""

    __slots__ = ("leaves",)

    def __init__(self, item: Arrived, clean: set[str]) -> None:
        texts = {name: part for name, part in item.body.items() if name not in _NO_TEXTS}
        links = item.body.get("links", ())
        texts["links"] = [[v for name, v in link.items() if name not in _LINK_IDS] for link in links]
        self.leaves = self.of(texts, clean)

    @staticmethod
    def of(value: Any, clean: set[str]) -> list[str]:
        """The texts of one value."""
        found: list[str] = []
        waiting: list[Any] = [value]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                if part in clean or not part or _NAME.fullmatch(part):
                    continue
                inside = container(part)
                if inside is not None:
                    waiting.append(inside)
                else:
                    found.append(part)
            elif isinstance(part, dict):
                data = part.get("$bytes")
                if isinstance(data, str) and len(part) == 1:
                    waiting.append(_decoded(data))
                    continue
                found += [name for name in part if name not in clean]
                waiting += part.values()
            elif isinstance(part, list):
                waiting += part
            elif type(part) is int and _LEAST_NUMBER <= abs(part) < _TIMES_NS:
                found.append(str(part))
        return found


def _decoded(data: str) -> str | None:
    try:
        return base64.b64decode(data).decode()
    except ValueError:
        return None


class _Writer:
    """Puts clean texts in the place of those with findings."""

    def __init__(self, dirty: dict[str, tuple[str, Counter[str]]], keyring: Keyring) -> None:
        self._dirty = dirty
        self._keyring = keyring
        self._counts: Counter[str] = Counter()

    def taken(self) -> dict[str, int]:
        """What was taken out since the last time, by type."""
        counts, self._counts = self._counts, Counter()
        return dict(sorted(counts.items()))

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body of an item; a session that is named after a person stays one session."""
        attributes = body.get("attributes", {})
        sessions = {name: attributes[name] for name in SESSIONS if isinstance(attributes.get(name), str)}
        clean: dict[str, Any] = self.value({name: part for name, part in body.items() if name != "parent"})
        for name, value in sessions.items():
            if value in self._dirty:
                clean["attributes"][name] = self._keyring.keyed("session", value)
        if "parent" in body:
            clean["parent"] = body["parent"]
        for link, given in zip(clean.get("links", ()), body.get("links", ()), strict=True):
            link.update({name: given[name] for name in _LINK_IDS if name in given})
        return clean

    def value(self, value: Any) -> Any:
        """A value with its texts replaced."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            data = value.get("$bytes")
            if isinstance(data, str) and len(value) == 1:
                text = _decoded(data)
                return value if text is None or (clean := self._text(text)) == text else clean
            return {self._text(name): self.value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._dirty:
            return self._text(str(value))
        return value

    def _text(self, text: str) -> str:
        known = self._dirty.get(text)
        if known is not None:
            self._counts.update(known[1])
            return known[0]
        inside = container(text)
        if inside is None:
            return text
        before = sum(self._counts.values())
        clean = self.value(inside)
        return text if sum(self._counts.values()) == before else text_of(clean)


def total(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Counts of several items together."""
    together: Counter[str] = Counter()
    for part in counts:
        together.update(part)
    return dict(sorted(together.items()))
