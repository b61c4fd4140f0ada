"""Keys, tokens, passwords and URL credentials."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from headrace.privacy.patterns.base import Family
from headrace.records.privacy import Finding

_REACH = 320
_KEY_BLOCK_CHARACTERS = 16_384
_LEAST_BITS = 3.0
"""Entropy of a character from which a value counts as random."""

_KNOWN = (
    ("API_KEY", re.compile(r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}(?!\w)")),
    ("API_KEY", re.compile(r"AIza[\w-]{35}(?![\w-])")),
    ("API_KEY", re.compile(r"(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,99}")),
    ("API_KEY", re.compile(r"sk-(?:ant-|proj-|or-)?[\w-]{20,200}")),
    ("API_KEY", re.compile(r"SG\.[\w-]{16,32}\.[\w-]{16,64}")),
    ("API_KEY", re.compile(r"(?:hf_|npm_|pypi-|glpat-|dop_v1_|shpat_|xkeysib-)[\w-]{16,200}")),
    ("ACCESS_TOKEN", re.compile(r"(?:gh[opsur]_[0-9A-Za-z]{30,251}|github_pat_\w{22,251})")),
    ("ACCESS_TOKEN", re.compile(r"xox[abeoprs]-[0-9A-Za-z-]{10,250}")),
    ("ACCESS_TOKEN", re.compile(r"eyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{0,2048}")),
)
_KEY_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_USERINFO = re.compile(r"[^\s/@:\[\]?#]{0,128}:[^\s/@\[\]?#]{1,128}(?=@[^\s@])")
_ASSIGNED = re.compile(
    r"(?P<noun>[\w-]{0,24})[\"'`]?\s{0,3}(?P<sign>:=|=>|[:=]|\bis:?\s|\bwas:?\s)\s{0,3}[\"'`]?(?P<value>[^\s\"'`,;<>\[\](){}]{4,256})"
)
_BEARER = re.compile(r"\s{1,3}(?P<value>[\w.~+/-]{16,2048}={0,2})")
_PASSWORDS = re.compile(
    r"pass(?:word|wd|phrase|code)?|pwd|kennwort|passwort|contraseña|mot de passe", re.IGNORECASE
)
_NO_VALUE = re.compile(
    r"\*+\.?|x+\.?|\.+|-+|\$\w+|%\w+%?|(?:none|null|true|false|required|optional|string|text|str|changed|reset|"
    r"incorrect|wrong|invalid|valid|correct|expired|missing|hidden|redacted|protected|secret|password|empty)\.?",
    re.IGNORECASE,
)


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    shown = text[start:end]
    if shown == "://":
        found = _USERINFO.match(text, end, min(len(text), end + _REACH))
        if found is not None:
            yield _finding("URL_CREDENTIALS", found.start(), found.end(), 1.0, "URL syntax")
    elif shown.startswith("-----"):
        yield from _key_block(text, start)
    elif shown[-1].isalpha() and _is_noun(shown):
        yield from _named(text, start, end)
    else:
        yield from _by_form(text, start)


def _is_noun(shown: str) -> bool:
    return shown.lower() not in ("akia", "asia", "agpa", "aida", "aroa", "aiza", "eyj", "gho", "xox")


def _by_form(text: str, start: int) -> Iterator[Finding]:
    if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        return
    for kind, form in _KNOWN:
        found = form.match(text, start)
        if found is not None:
            yield _finding(kind, start, found.end(), 1.0 if kind == "API_KEY" else 0.95, "provider's form")


def _key_block(text: str, start: int) -> Iterator[Finding]:
    begin = _KEY_BEGIN.match(text, start)
    if begin is None:
        return
    reach = min(len(text), begin.end() + _KEY_BLOCK_CHARACTERS)
    end = _KEY_END.search(text, begin.end(), reach)
    yield _finding("PRIVATE_KEY", start, end.end() if end else reach, 1.0, "PEM")


def _named(text: str, start: int, end: int) -> Iterator[Finding]:
    """What is given as a password, or a random value after a noun such as key or token."""
    noun = text[start:end]
    if noun.lower() in ("bearer", "basic"):
        found = _BEARER.match(text, end, min(len(text), end + 2200))
        if found is not None and is_random(found["value"]):
            yield _finding("ACCESS_TOKEN", *found.span("value"), 0.9, "entropy")
        return
    found = _ASSIGNED.match(text, end, min(len(text), end + _REACH))
    if found is None:
        return
    is_said = found["sign"].strip(": ") in ("is", "was")
    value, first = found["value"].rstrip(".!?" if is_said else "."), found.start("value")
    last = first + len(value)
    if len(value) < 4 or _NO_VALUE.fullmatch(value):
        return
    if _PASSWORDS.match(noun):
        if not is_said or not value.isalpha():
            yield _finding("PASSWORD", first, last, 0.6 if value.isalpha() else 0.9, "context")
    elif is_random(value):
        yield _finding("API_KEY", first, last, 0.9, "entropy")


def is_random(value: str) -> bool:
    """Whether a value of 12 characters or more has digits, letters and the entropy of a key."""
    if len(value) < 12 or not any(c.isdigit() for c in value) or not any(c.isalpha() for c in value):
        return False
    counts = Counter(value).values()
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return bits >= _LEAST_BITS


def _finding(kind: str, start: int, end: int, score: float, validator: str) -> Finding:
    return Finding(type=kind, start=start, end=end, score=score, validator=validator)


SECRETS_FAMILY = Family(
    types=frozenset({"API_KEY", "ACCESS_TOKEN", "PASSWORD", "PRIVATE_KEY", "URL_CREDENTIALS"}),
    trigger=(
        r"://|-----BEGIN|AKIA|ASIA|AGPA|AIDA|AROA|AIza|eyJ|gh[opsur]_|github_pat_|xox[abeoprs]-|sk-|[srp]k_(?:live|test)_"
        r"|SG\.|hf_|npm_|pypi-|glpat-|dop_v1_|shpat_|xkeysib-"
        r"|(?i:password|passwd|passphrase|passcode|passwort|kennwort|pwd|secret|token|api[_-]?key|access[_-]?key|bearer|basic)"
    ),
    find=_find,
)
