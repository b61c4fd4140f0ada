"""Names of documents in files: stable, printable, and reversible to the path they came from.

Inside the workspace a URI is the path relative to it, with `/`. Only what would make it ambiguous or
impossible to store is percent-encoded: `%`, `#` (which begins a record's id), control characters and line
separators, and bytes that are not UTF-8. So `notes/ümlaut 1.md` stays as it is. Outside it is `file://` and
the encoded absolute path.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

from headrace.errors import ConfigError

_UNSAFE = re.compile("[%#\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def escape(text: str) -> str:
    """Percent-encode what a URI cannot carry; `unescape` gives the text back."""
    return _UNSAFE.sub(_encoded, text) if _UNSAFE.search(text) else text


def _encoded(match: re.Match[str]) -> str:
    char = match.group()
    # A lone surrogate U+DC80..U+DCFF is how Python carries a byte of a file name that is not UTF-8.
    raw = (
        bytes([ord(char) - 0xDC00]) if "\udc80" <= char <= "\udcff" else char.encode("utf-8", "surrogatepass")
    )
    return "".join(f"%{byte:02X}" for byte in raw)


def unescape(text: str) -> str:
    """The text that `escape` encoded, undecodable bytes as Python's surrogate escapes."""
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def file_uri(path: str, *, root: str) -> str:
    """The URI of an absolute, normalised path; relative when it lies inside `root`."""
    inside = relative(path, root=root)
    return escape(inside) if inside is not None else f"file://{quote_path(path)}"


def quote_path(path: str) -> str:
    """Percent-encode a path for a `file://` URI."""
    return quote_from_bytes(os.fsencode(path))


def relative(path: str, *, root: str) -> str | None:
    """The part of `path` below `root`, or None when it does not lie inside."""
    prefix = root if root.endswith("/") else root + "/"
    return path[len(prefix) :] if path.startswith(prefix) and len(path) > len(prefix) else None


def path_of(uri: str, *, root: str) -> str:
    """The absolute path that a file's URI names."""
    return path_of_file_uri(uri) if uri.startswith("file://") else os.path.join(root, unescape(uri))


def path_of_file_uri(uri: str) -> str:
    """The path in a `file://` URI. Raises ConfigError when it names another machine."""
    host, slash, rest = uri[len("file://") :].partition("/")
    if host not in ("", "localhost") or not slash:
        raise ConfigError(
            f"Source {uri!r} is not a path on this machine.", key="sources", allowed=["file:///absolute/path"]
        )
    return os.fsdecode(unquote_to_bytes("/" + rest))
