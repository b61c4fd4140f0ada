"""HTML to Markdown: the content of a page with headings, lists, tables and code, without its furniture."""

from __future__ import annotations

import re
from typing import Any

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.decoding import decode
from headrace.ingest.parsing.htmlblocks import BlockWriter
from headrace.ingest.parsing.htmlfurniture import choose_root, remove_furniture
from headrace.records.document import ParsedDocument, Scalar

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.I)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)")
_META_FIELDS = {
    "author": "author",
    "description": "description",
    "keywords": "keywords",
    "article:published_time": "published",
    "article:modified_time": "modified",
    "date": "published",
}
_MAX_FIELD_CHARS = 1_000


def parse_html(data: bytes, *, name: str, hints: Hints) -> ParsedDocument:
    """Read a page. Raises ParseError when nothing but furniture is in it."""
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    decoded = decode(data, hints.charset or _declared_charset(data))
    try:
        tree = LexborHTMLParser(decoded.text)
    except SelectolaxError as error:
        # There is no invalid HTML: the parser gives up only when it is refused memory.
        raise LimitExceeded("A page that needs more memory than allowed.", hint="Split the page.") from error
    metadata = _metadata(tree)
    page_title = _title(tree)
    remove_furniture(tree)
    root = choose_root(tree)
    writer = BlockWriter()
    if root is not None:
        _write(writer, tree, root=root, page_title=page_title)
    if not writer.text.strip():
        raise ParseError(
            "empty: the page holds no text.", hint="A page drawn by scripts has to be saved as rendered."
        )
    first = next((heading.text for heading in writer.headings if heading.level == 1), None)
    return ParsedDocument(
        text=writer.text,
        kind="markdown",
        media_type="text/html",
        title=first or page_title,
        headings=writer.headings,
        metadata=metadata,
        warnings=decoded.warnings,
    )


def _write(writer: BlockWriter, tree: Any, *, root: Any, page_title: str | None) -> None:
    """Add the heading above the content too, unless the page title shows that it is the whole site's."""
    if root.css_first("h1") is None and tree.body is not None:
        outside = tree.body.css("h1")
        words = " ".join(outside[0].text().split()).casefold() if len(outside) == 1 else ""
        if words and (page_title or words).casefold().startswith(words):
            writer.write(outside[0])
    writer.write(root)
    writer.finish()


def _declared_charset(data: bytes) -> str | None:
    head = data[:4096]
    match = _XML_ENCODING.match(head.lstrip()) or _META_CHARSET.search(head)
    return match[1].decode("ascii") if match else None


def _title(tree: Any) -> str | None:
    node = tree.css_first("head > title") or tree.css_first("title")
    title = " ".join(node.text().split()) if node is not None else ""
    return title or None


def _metadata(tree: Any) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    root = tree.root
    language = root.attributes.get("lang") if root is not None else None
    if language:
        found["language"] = language.strip()[:40]
    for meta in tree.css("meta[content]"):
        attributes = meta.attributes
        field = _META_FIELDS.get((attributes.get("name") or attributes.get("property") or "").lower())
        value = " ".join((attributes.get("content") or "").split())[:_MAX_FIELD_CHARS]
        if field and value:
            found.setdefault(field, value)
    return dict(sorted(found.items()))
