"""Tables as they really are: three layouts with the same rows, and rows that are wrong."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from headrace.ingest.sources.base import BlobCache
from headrace.ingest.sources.build import open_source
from headrace.records.document import Listing

ROWS: Sequence[dict[str, object]] = [
    {"id": "1", "title": "Weirs", "text": "A weir, low.\nSpills.", "year": 1990, "ratio": 0.5, "open": True},
    {"id": "2 #b%", "title": "Sluices", "text": 'A "gate"; ü 😀', "year": None, "ratio": 2.0, "open": False},
]
SPEC = {"type": "records", "id": "id", "text": ["title", "text"], "metadata": ["year", "ratio", "open"]}


def write(path: Path, rows: Sequence[Mapping[str, object]] = ROWS) -> None:
    if path.suffix == ".parquet":
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(list(rows)), path)
        return
    if ".jsonl" in path.name:
        text = "".join(json.dumps(row) + "\n" for row in rows)
    else:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, rows[0], delimiter="\t" if ".tsv" in path.name else ",")
        writer.writeheader()
        writer.writerows(rows)
        text = buffer.getvalue()
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


class Lister:
    """Lists a table of the workspace."""

    def __init__(self, root: Path, cache: BlobCache) -> None:
        self.root = root
        self.cache = cache

    def __call__(self, path: str, **options: object) -> Listing:
        spec = {**SPEC, "path": path, **options}
        wanted = {key: value for key, value in spec.items() if value is not None}
        return open_source(wanted, root=self.root, cache=self.cache).list({})

    def jsonl(self, *lines: str | bytes, **options: object) -> Listing:
        raw = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
        (self.root / "rows.jsonl").write_bytes(raw)
        return self("rows.jsonl", **{"text": "text", "metadata": None, **options})


@pytest.fixture
def tables(root: Path, cache: BlobCache) -> Lister:
    return Lister(root, cache)


def errors(listing: Listing) -> list[tuple[str, str]]:
    return [(failure.document, failure.error) for failure in listing.failures]


@pytest.mark.parametrize(
    "name", ["rows.jsonl", "rows.jsonl.gz", "rows.csv", "rows.csv.gz", "rows.tsv", "rows.parquet"]
)
def test_every_layout_gives_the_same_documents(name: str, root: Path, tables: Lister) -> None:
    write(root / name)
    listing = tables(name)
    assert (listing.complete, listing.reason, list(listing.failures)) == (True, "", [])
    assert [item.uri for item in listing.items] == [f"{name}#1", f"{name}#2 %23b%25"]
    content = listing.items[0].read()
    assert content.data.decode() == "Weirs\n\nA weir, low.\nSpills."
    assert (content.media_type, content.charset) == ("text/plain", "utf-8")
    assert listing.items[1].read().data.decode().endswith('A "gate"; ü 😀')
    if ".csv" in name or ".tsv" in name:
        assert listing.items[0].metadata == {"year": "1990", "ratio": "0.5", "open": "True"}
    else:
        assert listing.items[0].metadata == {"year": 1990, "ratio": 0.5, "open": True}
        assert listing.items[1].metadata["year"] is None
        assert isinstance(listing.items[1].metadata["ratio"], float)


def test_stamps_follow_the_columns_in_use(root: Path, tables: Lister) -> None:
    write(root / "rows.jsonl")
    before = [item.stamp for item in tables("rows.jsonl").items]
    write(root / "rows.jsonl", [{**ROWS[0], "note": "unused"}, {**ROWS[1], "year": 1991}])
    after = [item.stamp for item in tables("rows.jsonl").items]
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    (root / "rows.jsonl").touch()
    assert [item.stamp for item in tables("rows.jsonl").items] == after


def test_types_are_part_of_the_stamp(tables: Lister) -> None:
    stamps = [
        tables.jsonl(f'{{"id": 1, "text": "a", "m": {value}}}', metadata="m").items[0].stamp
        for value in ("1", "1.0", "true", '"1"', "null", '""', "false", "0")
    ]
    stamps.append(
        tables.jsonl('{"id": 1, "text": "a"}', '{"id": 2, "text": "a", "m": 1}', metadata="m").items[0].stamp
    )
    assert len(set(stamps)) == len(stamps)


def test_one_bad_row_leaves_the_others(tables: Lister) -> None:
    listing = tables.jsonl(
        '{"id": "a", "text": "first"}',
        "",
        '{"id": "b", "text": ',
        '{"text": "nameless"}',
        '{"id": "", "text": "nameless too"}',
        '["not", "an", "object"]',
        b'{"id": "c", "text": "\xff"}',
        "[" * 100_000,
        '{"id": "z", "text": "last"}',
    )
    assert [item.uri for item in listing.items] == ["rows.jsonl#a", "rows.jsonl#z"]
    assert not listing.complete
    assert "6 rows whose id" in listing.reason
    assert [document for document, _ in errors(listing)] == [
        f"rows.jsonl:{line}" for line in (3, 4, 5, 6, 7, 8)
    ]
    assert errors(listing)[0][1].startswith("row 3: not JSON")
    assert "id column 'id'" in errors(listing)[1][1]
    assert "not UTF-8 at byte" in errors(listing)[4][1]
    assert all(failure.keeps for failure in listing.failures)


def test_a_bad_row_with_a_known_id_leaves_the_listing_complete(tables: Lister) -> None:
    listing = tables.jsonl(
        '{"id": "a", "text": "first"}',
        '{"id": "a", "text": "again"}',
        '{"id": "b", "text": null}',
        '{"id": "c"}',
        '{"id": "d", "text": "\\ud800"}',
        '{"id": "e", "text": ["x"]}',
        '{"id": "f", "text": ""}',
    )
    assert listing.complete
    assert [item.uri for item in listing.items] == ["rows.jsonl#a", "rows.jsonl#f"]
    assert listing.items[0].read().data == b"first"
    found = errors(listing)
    assert [document for document, _ in found] == [f"rows.jsonl#{name}" for name in "abcde"]
    assert found[0][1] == "row 2 has the same id as row 1, which was taken"
    assert "no text" in found[1][1]


def test_numbers_and_text_are_the_same_id(tables: Lister) -> None:
    listing = tables.jsonl('{"id": 1, "text": "a"}', '{"id": "1", "text": "b"}')
    assert [item.uri for item in listing.items] == ["rows.jsonl#1"]
    assert "same id" in listing.failures[0].error


def test_many_failures_are_counted_not_kept_one_by_one(tables: Lister) -> None:
    listing = tables.jsonl(*["nonsense"] * 1500)
    assert len(listing.failures) == 1001
    assert listing.failures[-1].error == "500 more rows could not be read"


def test_labels_and_times(tables: Lister) -> None:
    listing = tables.jsonl(
        '{"id": 1, "text": "a", "acl": ["b", "a"], "at": "1970-01-01T00:00:01"}',
        '{"id": 2, "text": "a", "acl": "x, y", "at": 2}',
        '{"id": 3, "text": "a", "acl": null}',
        '{"id": 4, "text": "a"}',
        '{"id": 5, "text": "a", "acl": 7}',
        '{"id": 6, "text": "a", "at": "soon"}',
        access="acl",
        modified="at",
    )
    assert [item.labels for item in listing.items] == [("a", "b"), ("x", "y"), (), ()]
    assert [item.modified_at_us for item in listing.items] == [1_000_000, 2_000_000, None, None]
    assert [document for document, _ in errors(listing)] == ["rows.jsonl#5", "rows.jsonl#6"]


def test_without_an_access_column_labels_are_left_to_the_corpus(tables: Lister) -> None:
    assert tables.jsonl('{"id": 1, "text": "a"}').items[0].labels is None


def test_a_title_becomes_a_heading(tables: Lister) -> None:
    line = '{"id": 1, "t": "On\\nweirs", "text": "Body"}'
    plain = tables.jsonl(line, title="t").items[0]
    heading = tables.jsonl(line, title="t", format="markdown").items[0]
    assert plain.read().data == b"On weirs\n\nBody"
    assert (heading.read().data, heading.read().media_type) == (b"# On weirs\n\nBody", "text/markdown")
    assert plain.stamp != heading.stamp


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_a_missing_column_is_named_with_the_nearest(name: str, root: Path, tables: Lister) -> None:
    write(root / name)
    listing = tables(name, metadata=["yaer"])
    assert (listing.items, listing.complete) == ([], False)
    assert "no column 'yaer'" in listing.reason
    assert "'year'" in listing.reason


def test_a_column_that_no_row_has_makes_the_listing_incomplete(root: Path, tables: Lister) -> None:
    write(root / "rows.jsonl")
    listing = tables("rows.jsonl", metadata=["yaer"])
    assert len(listing.items) == 2
    assert not listing.complete
    assert "no row has 'yaer'" in listing.reason


def test_an_empty_table_is_complete(root: Path, tables: Lister) -> None:
    assert (tables.jsonl("").items, tables.jsonl("").complete) == ([], True)
    (root / "rows.csv").write_text("id,title,text,year,ratio,open\n")
    assert (tables("rows.csv").items, tables("rows.csv").complete) == ([], True)


def test_a_csv_without_a_header_is_not_taken_for_empty(root: Path, tables: Lister) -> None:
    (root / "rows.csv").write_text("")
    assert "is empty" in tables("rows.csv").reason


def test_csv_as_spreadsheets_write_it(root: Path, tables: Lister) -> None:
    text = 'id,text\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2,' + "x" * 300_000 + "\r\n3\r\n"
    for name, encoding in (("a.csv", "utf-8-sig"), ("b.csv", "utf-16")):
        (root / name).write_bytes(text.encode(encoding))
        listing = tables(name, text="text", metadata=None)
        assert [item.read().data[:20] for item in listing.items] == [b'two\r\nlines, "quoted"', b"x" * 20]
        assert errors(listing) == [(f"{name}:6", "row 6: 1 cells where the header has 2")]


def test_a_csv_cell_that_is_not_utf8_fails_alone(root: Path, tables: Lister) -> None:
    (root / "a.csv").write_bytes(b"id,text\n1,\xff\n2,ok\n")
    listing = tables("a.csv", text="text", metadata=None)
    assert ([item.uri for item in listing.items], listing.complete) == (["a.csv#2"], True)
    assert "not valid Unicode" in listing.failures[0].error


def test_an_unclosed_quote_does_not_swallow_rows_silently(root: Path, tables: Lister) -> None:
    (root / "a.csv").write_text('id,text\n1,ok\n2,"open\n3,lost\n')
    listing = tables("a.csv", text="text", metadata=None)
    assert [item.uri for item in listing.items] == ["a.csv#1"]
    assert not listing.complete


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.csv.gz", "rows.parquet"])
def test_a_truncated_table_is_incomplete(name: str, root: Path, tables: Lister) -> None:
    rows = [{**ROWS[0], "id": f"{number}", "text": f"{number * 7919}" * 20} for number in range(2000)]
    write(root / name, rows)
    (root / name).write_bytes((root / name).read_bytes()[:-2000])
    listing = tables(name)
    assert not listing.complete
    assert len(listing.items) < 2000
    assert listing.failures[-1].document == name


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.parquet"])
def test_something_else_under_the_name_is_incomplete(name: str, root: Path, tables: Lister) -> None:
    (root / name).write_text("not at all")
    listing = tables(name)
    assert (listing.items, listing.complete) == ([], False)


def test_a_table_larger_than_allowed_is_incomplete(root: Path, tables: Lister) -> None:
    for name in ("rows.jsonl.gz", "rows.parquet"):
        write(root / name, [{**ROWS[0], "id": f"{number}"} for number in range(2000)])
        listing = tables(name, max_bytes=1000)
        assert not listing.complete
        assert "1000" in listing.reason


def test_other_files_are_no_tables(root: Path, tables: Lister) -> None:
    (root / "rows.xlsx").write_text("x")
    listing = tables("rows.xlsx")
    assert "not a table" in listing.reason


def test_a_missing_table_is_incomplete(tables: Lister) -> None:
    listing = tables("rows.jsonl")
    assert (listing.items, listing.complete) == ([], False)
    assert "No such file" in listing.reason


def test_a_glob_reads_every_table(root: Path, tables: Lister) -> None:
    write(root / "a.jsonl")
    write(root / "b.jsonl")
    uris = [item.uri for item in tables("*.jsonl").items]
    assert uris == ["a.jsonl#1", "a.jsonl#2 %23b%25", "b.jsonl#1", "b.jsonl#2 %23b%25"]
