"""From what a model wrote to a JSON value: as it is, else out of a fence or of prose, else mended."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from headrace.infer.gateway.outcome import RepairKind

MOST_REPAIRED_CHARACTERS = 64_000
"""A longer text is not mended: the time for it grows faster than the text."""

_OPENS = re.compile(r"```[\w+-]*[ \t]*\n")
_STARTS = re.compile(r"[{\[]")
_MOST_STARTS = 200
_NO_NUMBER = re.compile(r"[:\[,]\s*-?(?:NaN|Infinity)\b")
"""What json-repair would make a text of."""


class Read(NamedTuple):
    """What was made of a text."""

    value: Any
    repair: RepairKind | None
    problem: str = ""
    """Why it is no JSON; then `value` means nothing."""
    fenced: bool = False
    """Whether it came in a Markdown fence, whatever else was wrong."""


def read_json(text: str, *, repair: bool = True) -> Read:
    """Read a JSON value. With `repair` False the text must be one as it stands."""
    text = text.strip().removeprefix("\ufeff")
    try:
        return Read(_loads(text), None)
    except ValueError as error:
        problem = f"it is not JSON: {error}"
    except RecursionError:
        return Read(None, None, "it is nested too deeply")
    if not repair or not text:
        return Read(None, None, problem if text else "it is empty")
    inners = _in_fence(text)
    for inner in inners:
        try:
            return Read(_loads(inner), "fence", fenced=True)
        except (ValueError, RecursionError):
            problem = "what its Markdown fence holds is not JSON"
    inner, fence = (inners[0], True) if inners else (text, False)
    found = _in_prose(inner)
    if found is not None:
        return Read(found[0], "prose", fenced=fence)
    return _mended(inner, problem, fenced=fence)


def _in_fence(text: str) -> list[str]:
    """What may be meant by the fence in a text: up to the last mark that could close it, up to the first."""
    opens = _OPENS.search(text)
    if opens is None:
        return []
    rest = text[opens.end() :]
    closed = rest.rpartition("```")[0] or rest
    return list(dict.fromkeys(part.strip() for part in (closed, rest.partition("```")[0])))


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _in_prose(text: str) -> tuple[Any] | None:
    """The largest JSON object or list in a text; None when none is whole, or one that is larger is broken."""
    best: tuple[int, Any] | None = None
    at = 0
    for _ in range(_MOST_STARTS):
        start = _STARTS.search(text, at)
        if start is None:
            break
        try:
            value, end = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            if '"' in text[start.start() : start.start() + 40]:
                return None  # a broken object: what is whole inside of it is not the answer
            at = start.end()
            continue
        if best is None or end - start.start() > best[0]:
            best = (end - start.start(), value)
        at = end
    return None if best is None else (best[1],)


def _unclosed(text: str) -> str | None:
    """What closes the braces and brackets that a text leaves open; None where it ends inside a string."""
    waiting: list[str] = []
    in_string = False
    at = 0
    while at < len(text):
        char = text[at]
        if in_string:
            at += char == "\\"
            in_string = char != '"'
        elif char == '"':
            in_string = True
        elif char in "{[":
            waiting.append("}" if char == "{" else "]")
        elif char in "}]" and waiting:
            waiting.pop()
        at += 1
    return None if in_string else "".join(reversed(waiting))


def _completed(text: str, ends: str | None) -> Any:
    """A text with the closing braces that it lacks. Raises ValueError where more may be missing."""
    if ends is None or "]" in ends or text.rstrip()[-1:] in "{0123456789":
        raise ValueError("it ends in its middle")
    return _loads(text + ends)


def _mended(text: str, problem: str, *, fenced: bool) -> Read:
    start = _STARTS.search(text)
    if start is None or len(text) > MOST_REPAIRED_CHARACTERS or _NO_NUMBER.search(text):
        return Read(None, None, problem, fenced)
    text = text[start.start() :]
    if (ends := _unclosed(text)) != "":
        try:
            return Read(_completed(text, ends), "syntax", fenced=fenced)
        except (ValueError, RecursionError):
            return Read(None, None, "it ends in its middle", fenced)
    import json_repair

    try:
        value = _paired(json_repair.loads(text, skip_json_loads=True))
    except (ValueError, RecursionError, IndexError, TypeError) as error:
        return Read(None, None, f"{problem}; it could not be mended: {type(error).__name__}", fenced)
    if not isinstance(value, dict | list):
        return Read(None, None, problem, fenced)
    return Read(value, "syntax", fenced=fenced)


def _paired(value: Any) -> Any:
    """Strings in which escaped surrogate pairs are the characters that they stand for."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_paired(key): _paired(item) for key, item in value.items()}
    return [_paired(item) for item in value] if isinstance(value, list) else value
