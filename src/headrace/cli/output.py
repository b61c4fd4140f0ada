"""What reaches the terminal: JSON documents, and text in which a document cannot hide control sequences."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class OutputClosed(Exception):
    """The reader of stdout went away, such as `head` after its lines."""


def write_json(value: Any) -> None:
    """Print a record, or anything made of records, as the one JSON document of this run."""
    from headrace.records.wire import to_plain

    plain_value = to_plain(value)
    text = json.dumps(plain_value, ensure_ascii=False, indent=2, allow_nan=False)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = json.dumps(plain_value, indent=2, allow_nan=False).encode()
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        close_output()
        raise OutputClosed from None


def plain(text: str) -> str:
    """Text that is safe on a terminal: controls, direction marks and lone surrogates are shown as escapes."""
    return _CONTROLS.sub(lambda found: ascii(found.group())[1:-1], text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same on one line: line breaks and tabs as escapes too, for names."""
    return plain(text).replace("\n", "\\n").replace("\t", "\\t")


def close_output() -> None:
    """Let the interpreter flush stdout into nothing when it ends, instead of complaining."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
