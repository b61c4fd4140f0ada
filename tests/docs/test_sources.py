"""docs/sources.md: the numbers and names it gives are those of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.ingest.sources import fetch, rows, walk
from headrace.ingest.sync import changes, guard
from tests.docs.pages import DOCS, read
from tests.workbench import Workbench

TEXT = " ".join(read(DOCS / "sources.md").split())


def test_the_guard() -> None:
    share = f"{guard.MAX_SHARE * 100:g} %"
    assert f"more than {guard.MAX_DOCUMENTS} documents and more than {share}" in TEXT


def test_the_limits() -> None:
    assert f"a line over {rows.MAX_ROW_BYTES // 1_000_000} MB" in TEXT
    assert f"At most {fetch.MAX_REDIRECTS}; a loop is a failure" in TEXT
    assert f"After {fetch.MAX_FAILURES_IN_A_ROW} failures in a row" in TEXT
    assert f"Retry-After up to {fetch.MAX_WAIT_SECONDS:g} s" in TEXT
    assert changes.RETRIES == 3
    assert "is tried three times" in TEXT


@pytest.mark.parametrize("name", sorted(walk._VERSION_CONTROL) + sorted(rows.SUFFIXES))
def test_the_names(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("nothing.md", b"", "empty: …"),
        ("blank.txt", b" \n", "empty: …"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0", "binary: …"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), "binary: …"),
        ("broken.docx", b"PK\x03\x04" + bytes(64), "damaged: …"),
    ],
)
def test_the_reasons_that_are_recorded(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    bench = Workbench(tmp_path)
    (tmp_path / "docs" / name).write_bytes(data)
    (failure,) = bench.sync().failures
    assert failure.document == f"docs/{name}"
    assert failure.error.startswith(reason.removesuffix("…"))
    assert f"`{reason}`" in TEXT


def test_a_vanished_folder_deletes_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("a.md", "# A\n\nStays.\n").rename(tmp_path / "docs" / "b.md")
    bench.sync()
    (tmp_path / "docs").rename(tmp_path / "elsewhere")
    report = bench.sync()
    assert (report.documents.deleted, report.documents.withheld, len(bench.rows())) == (0, 1, 1)
