"""The text around the evidence of a gate, read again from its source, without what must not be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from headrace.errors import DocumentError
from headrace.ingest.sync.access import PUBLIC
from headrace.ingest.sync.survey import list_sources
from headrace.ledger import hidden
from headrace.ledger.identity import digest_bytes
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.records.gates import Evidence
from headrace.records.quarantine import Excerpt

if TYPE_CHECKING:
    from headrace.flows.gates.kept import Kept
    from headrace.flows.gates.parts import GateParts
    from headrace.ingest.sync.context import SyncContext
    from headrace.records.document import SourceItem

_AROUND = 200
"""Characters before and after the evidence."""
_MOST = 400
"""Characters of the evidence itself."""
_SENSITIVE = 0.3
"""Rather take out too much: findings with a lower score than usual go, too."""


class _Span(NamedTuple):
    start: int
    end: int
    by: str


def excerpt(
    parts: GateParts, kept: Kept, *, access: Sequence[str] | None = None
) -> tuple[Excerpt | None, str]:
    """The excerpt of an item, or why there is none; with `access` only of one that these labels open."""
    with parts.ledger().read() as conn:
        if kept.item.document in hidden.load(conn, kept.item.corpus):
            return None, "it is hidden; `headrace unhide` shows it again"
    context = parts.context(kept.item.corpus)
    item = _listed(context, kept)
    if item is None:
        return None, "its source does not list it any more"
    _, labels = context.access.of(item)
    if access is not None and not {*access, PUBLIC} & set(labels):
        return None, "its access labels do not open it to the caller"
    try:
        content = item.read()
    except DocumentError as error:
        return None, f"it cannot be read: {error.message}"
    except OSError as error:
        return None, f"it cannot be read: {error.strerror or error}"
    if digest_bytes("rev", content.data) != kept.item.revision:
        return None, "its source has another revision by now; `headrace sync` judges that"
    dated = replace(content, modified_at_us=item.modified_at_us)
    parsed = parts.parser().parse(item.uri.rsplit("/", 1)[-1], dated)
    if isinstance(parsed, DocumentError):
        return None, f"it cannot be parsed any more: {parsed.message}"
    return cut(parsed.text, kept.item.evidence, _sensitive(parts, kept, parsed.text)), ""


def cut(text: str, evidence: Evidence | None, sensitive: Sequence[_Span]) -> Excerpt:
    """What stands around the evidence, or at the start, with a mark in place of each sensitive span.

    A span that reaches over an end of the excerpt is taken out whole.
    """
    first = evidence.start if evidence else 0
    last = min(evidence.end, first + _MOST) if evidence else 0
    start, end = max(0, first - _AROUND), min(len(text), last + _AROUND)
    spans = [span for span in _joined(sensitive) if span.start < end and span.end > start]
    if spans:
        start, end = min(start, spans[0].start), max(end, spans[-1].end)
    shown, at, marked = "", start, None
    for span in [*spans, _Span(end, end, "")]:
        if evidence and marked is None and at <= first and last <= span.start:
            begin = len(shown) + first - at
            marked = Evidence(start=begin, end=begin + last - first)
        shown += text[at : span.start] + span.by
        at = span.end
    return Excerpt(text=shown, start=start, end=end, marked=marked)


def _sensitive(parts: GateParts, kept: Kept, text: str) -> list[_Span]:
    """What the workspace, every type that is known, and the gates themselves would take out."""
    engines = [parts.privacy(), Engine(PrivacyConfig(threshold=_SENSITIVE))]
    found = [
        _Span(finding.start, finding.end, f"[{finding.type}]")
        for engine in engines
        for finding in engine.scan(text)
    ]
    for gate in parts.opened(kept.item.corpus):
        find = getattr(gate.gate, "redact", None)
        found += [_Span(*each) for each in find(text)] if find is not None else []
    return found


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """Spans in order, those that overlap as one."""
    joined: list[_Span] = []
    for span in sorted(spans):
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = last._replace(end=max(last.end, span.end))
        else:
            joined.append(span)
    return joined


def _listed(context: SyncContext, kept: Kept) -> SourceItem | None:
    listed = list_sources(context)
    items = (item for listing in listed.listings for item in listing.items)
    return next((item for item in items if item.uri == kept.item.document), None)
