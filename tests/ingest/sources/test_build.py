"""What a configuration may say of a source, and what it is told when it says something else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from headrace.errors import ConfigError
from headrace.ingest.sources.base import BlobCache, Source
from headrace.ingest.sources.build import open_source

RECORDS = {"type": "records", "path": "rows.jsonl", "id": "id", "text": "text"}


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("docs", "docs"),
        ("docs/**/*.md", "docs/**/*.md"),
        ("https://example.org/a", "https://example.org/a"),
        ("file:///srv/a%20b", "/srv/a b"),
        ({"type": "files", "path": "docs", "include": ["*.md"], "max_bytes": 10}, "docs"),
        (RECORDS, "rows.jsonl"),
        (
            {"type": "web", "url": "https://example.org/", "delay_seconds": 1, "domains": "*.example.org"},
            None,
        ),
    ],
)
def test_a_source_is_named_as_configured(
    spec: str | dict[str, object], name: str | None, root: Path, cache: BlobCache
) -> None:
    source = open_source(spec, root=root, cache=cache)
    assert isinstance(source, Source)
    assert source.name == (name or "https://example.org/")


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        ({"type": "files", "path": "docs", "exlude": ["x"]}, "unknown key 'exlude'", "'exclude'"),
        ({"type": "recods", "path": "x"}, "'recods' is not known", "'records'"),
        ({"path": "docs"}, "'type' is missing", ""),
        ({"type": "records", "path": "x.csv", "text": "t"}, "key 'id' is missing", ""),
        ({**RECORDS, "format": "markdwn"}, "'markdwn' is not known", "'markdown'"),
        ({**RECORDS, "text": [1]}, "list of strings", ""),
        ({"type": "web", "url": "https://example.org", "depth": "3"}, "must be a whole number", ""),
        ({"type": "web", "url": "https://example.org", "depth": True}, "must be a whole number", ""),
        ({"type": "web", "url": "https://example.org", "max_pages": 0}, "at least 1", ""),
        ({"type": "web", "url": "https://example.org", "delay_seconds": float("nan")}, "at least 0", ""),
        ({"type": "web", "url": "https://example.org", "domains": ["https://x.org"]}, "not a host name", ""),
        ({"type": "web", "url": "https://me:secret@example.org"}, "password", ""),
        ({"type": "web", "url": "ftp://example.org"}, "not an address of a page", ""),
        ("s3://bucket/x", "scheme 's3'", ""),
        ("file://server/x", "not a path on this machine", ""),
        ("", "empty", ""),
    ],
)
def test_a_wrong_entry_is_explained(
    spec: str | Mapping[str, object], message: str, hint: str, root: Path, cache: BlobCache
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_source(spec, root=root, cache=cache)
    assert message in caught.value.message
    assert hint in caught.value.hint
