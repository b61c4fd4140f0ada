"""Which documents a document links to, as hashes of their URIs."""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

if TYPE_CHECKING:
    from headrace.records.document import ParsedDocument

LINK_BYTES = 8
MOST_LINKS = 256
_LINK = re.compile(r"\]\(\s*<?([^)\s>#?]{1,1000})")


def links_in(uri: str, document: ParsedDocument) -> bytes:
    """Hashes of what the links of a Markdown text point to, sorted; itself is left out."""
    if document.kind != "markdown" or "](" not in document.text:
        return b""
    named: set[str] = set()
    for found in _LINK.finditer(document.text):
        target = _target(uri, found[1])
        if target is not None and target != uri:
            named.add(target)
        if len(named) >= MOST_LINKS:
            break
    return b"".join(sorted(link_hash(target) for target in named))


def link_hash(uri: str) -> bytes:
    """What stands for a URI."""
    return hashlib.blake2b(uri.encode("utf-8", "surrogatepass"), digest_size=LINK_BYTES).digest()


def _target(uri: str, link: str) -> str | None:
    """The URI that a link means beside the document it stands in; None for one that is none."""
    try:
        if "://" in uri:
            return urljoin(uri, link)
        if "://" in link:
            return link
    except ValueError:
        return None  # a malformed address points nowhere
    if link.startswith("mailto:"):
        return None
    folder = posixpath.dirname(uri.partition("#")[0])
    return posixpath.normpath(posixpath.join("" if link[0] == "/" else folder, unquote(link.lstrip("/"))))
