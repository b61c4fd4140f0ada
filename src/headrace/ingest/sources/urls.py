"""One spelling for each address of a page."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

MAX_CHARACTERS = 2000
_PORTS = {"http": 80, "https": 443}
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_BLANKS = re.compile(r"[\t\n\r]")


def normal_url(reference: str, *, base: str = "") -> str | None:
    """The normal form of a reference found at `base`; None for what is no address of a page.

    Lowercase scheme and host, no default port, no fragment, no dot segments, one way of percent-encoding; the
    query stays as it is. Other schemes than http and https, credentials and overlong addresses give None.
    """
    try:
        parts = urlsplit(urljoin(base, _BLANKS.sub("", reference.strip())))
        host, port = parts.hostname, parts.port
        if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
            return None
        host = _ascii_host(host)
    except ValueError:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        netloc += f":{port}"
    path = _without_dots(_normal_part(parts.path, safe="/:@!$&'()*+,;=")) or "/"
    query = _normal_part(parts.query, safe="/?:@!$&'()*+,;=")
    url = urlunsplit((parts.scheme, netloc, path, query, ""))
    return url if len(url) <= MAX_CHARACTERS else None


def host_of(url: str) -> tuple[str, int]:
    """Host and port of a normal URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def origin_of(url: str) -> str:
    """Scheme, host and port of a normal URL, as it begins."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _ascii_host(host: str) -> str:
    name = host.rstrip(".").lower()
    if not name.isascii():
        name = name.encode("idna").decode("ascii")  # UnicodeError is a ValueError
    if not name or any(char in name for char in " %<>\"'\\^`{|}"):
        raise ValueError("no host name")
    return name


def _normal_part(text: str, *, safe: str) -> str:
    encoded = quote(_STRAY_PERCENT.sub("%25", text), safe=safe + "%", errors="replace")
    return _ENCODED.sub(_normal_octet, encoded)


def _normal_octet(match: re.Match[str]) -> str:
    char = chr(int(match.group(1), 16))
    return char if char in _UNRESERVED else match.group().upper()


def _without_dots(path: str) -> str:
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
