"""The pool: order, limits, crashes, and what workers know of their parent."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator

import pytest

from headrace.errors import DocumentError, LimitExceeded, ParseError
from headrace.ingest.parsing.base import ParserConfig
from headrace.ingest.parsing.pool import ParsePool
from headrace.ingest.parsing.process import WorkerProcess
from headrace.records.document import Content, ParsedDocument
from tests.ingest.parsing import makers


@pytest.fixture(scope="module")
def pool() -> Iterator[ParsePool]:
    with ParsePool(ParserConfig(timeout_seconds=30)) as made:
        yield made


def page(words: str) -> Content:
    return Content(data=f"<html><p>{words}".encode())


def test_order_is_that_of_the_input(pool: ParsePool) -> None:
    items = [
        (at, f"{at}.md", Content(data=f"# Note {at}".encode()))
        if at % 3
        else (at, f"{at}.html", page(f"Page {at}"))
        for at in range(60)
    ]
    parsed = list(pool.parse_many(items))
    assert [key for key, _ in parsed] == list(range(60))
    for key, document in parsed:
        assert isinstance(document, ParsedDocument)
        assert document.text == (f"# Note {key}" if key % 3 else f"Page {key}")


def test_input_is_taken_as_results_are_taken(pool: ParsePool) -> None:
    taken: list[int] = []

    def items() -> Iterator[tuple[int, str, Content]]:
        for at in range(1_000):
            taken.append(at)
            yield at, "a.html", page(str(at))

    results = pool.parse_many(items())
    next(results)
    assert len(taken) < 100
    results.close()  # type: ignore[attr-defined]  # a generator


def test_bad_files_cost_only_themselves(pool: ParsePool) -> None:
    bad = {
        "empty.txt": b"",
        "blank.md": b" \n ",
        "nul.txt": b"a\0b",
        "image.png": b"\x89PNG\r\n\x1a\n\0",
        "truncated.pdf": makers.pdf([[(10, "x")]])[:300],
        "locked.pdf": makers.pdf([[(10, "x")]], password="secret"),
        "locked.docx": makers.encrypted_office(),
        "bomb.xlsx": makers.bomb_xlsx(),
        "tall.xlsx": makers.tall_xlsx(),
        "truncated.gz": gzip.compress(os.urandom(4096))[:2000],
        "nested.gz": gzip.compress(gzip.compress(b"x")),
    }
    items = [(name, name, Content(data=data)) for name, data in bad.items()]
    results = dict(pool.parse_many([*items, ("good", "good.html", page("fine"))]))
    good = results.pop("good")
    assert isinstance(good, ParsedDocument)
    assert {name: type(error).__name__ for name, error in results.items()} == {
        **dict.fromkeys(bad, "ParseError"),
        "bomb.xlsx": "LimitExceeded",
        "tall.xlsx": "LimitExceeded",
        "nested.gz": "LimitExceeded",
    }
    assert all(
        isinstance(error, DocumentError) and error.message and error.hint for error in results.values()
    )


def test_gzip_is_what_is_inside(pool: ParsePool) -> None:
    members = gzip.compress("# Größe\n".encode()) + gzip.compress(b"more\n")
    document = pool.parse("notes.md.gz", Content(data=members))
    assert isinstance(document, ParsedDocument)
    assert (document.text, document.media_type, document.title) == (
        "# Größe\nmore\n",
        "text/markdown",
        "Größe",
    )


def test_claimed_charset_reaches_the_worker(pool: ParsePool) -> None:
    document = pool.parse("a.txt", Content(data="żółw".encode("cp1250"), charset="cp1250"))
    assert isinstance(document, ParsedDocument)
    assert (document.text, document.metadata) == ("żółw", {"charset": "cp1250"})


def test_limits_on_sizes() -> None:
    with ParsePool(ParserConfig(max_input_bytes=100_000, max_text_chars=1_000, workers=1)) as small:
        big = small.parse("a.txt", Content(data=b"x" * 100_001))
        bomb = small.parse("a.txt.gz", Content(data=gzip.compress(b"x" * 1_000_000)))
        long = small.parse("a.html", page("word " * 1_000))
    assert isinstance(big, LimitExceeded)
    assert isinstance(bomb, LimitExceeded)
    assert isinstance(long, LimitExceeded)


def test_a_parser_that_hangs_is_killed_and_the_next_document_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_FAILPOINTS", "parsing.worker.document=sleep:600:2")
    with ParsePool(ParserConfig(timeout_seconds=2, workers=1)) as pool:
        results = list(pool.parse_many((at, "a.html", page(str(at))) for at in range(3)))
    first, stuck, after = (result for _, result in results)
    assert isinstance(first, ParsedDocument)
    assert isinstance(stuck, LimitExceeded)
    assert stuck.message == "Took longer than 2 s to parse."
    assert isinstance(after, ParsedDocument)


def test_a_worker_that_dies_costs_its_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_FAILPOINTS", "parsing.worker.document=kill:2")
    with ParsePool(ParserConfig(workers=1)) as pool:
        results = [result for _, result in pool.parse_many((at, "a.html", page(str(at))) for at in range(3))]
    assert [type(result) for result in results] == [ParsedDocument, ParseError, ParsedDocument]
    assert "SIGKILL" in str(results[1])


def test_an_unforeseen_failure_in_a_parser_is_a_parse_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_FAILPOINTS", "parsing.worker.document=raise")
    with ParsePool(ParserConfig(workers=1)) as pool:
        failed = pool.parse("a.html", page("x"))
        monkeypatch.delenv("HEADRACE_FAILPOINTS")
        good = pool.parse("a.html", page("x"))
    assert isinstance(failed, ParseError)
    assert failed.message.startswith("The parser failed: Failpoint")
    assert isinstance(good, ParsedDocument)


def test_memory_is_bounded() -> None:
    hungry = b"<html>" + b"<p><b><i>x" * 3_000_000
    with ParsePool(ParserConfig(memory_mb=64, workers=1)) as pool:
        eaten = pool.parse("a.html", Content(data=hungry))
        unpacked = pool.parse("a.txt.gz", Content(data=gzip.compress(b"x" * 70_000_000, 1)))
        after = pool.parse("b.html", page("fine"))
    assert isinstance(eaten, LimitExceeded)
    assert isinstance(unpacked, LimitExceeded)
    assert unpacked.message == "Needs more memory than 64 MB."
    assert "memory" in eaten.message
    assert isinstance(after, ParsedDocument)


def test_workers_are_reused_and_replaced() -> None:
    worker = WorkerProcess(ParserConfig(documents_per_worker=2))
    try:
        pids = []
        for _ in range(3):
            before = worker.pid
            worker.parse("a.html", page("x"))
            pids.append((before, worker.pid))
        assert pids[0][0] is None
        assert pids[0][1] is not None
        assert pids[1] == (pids[0][1], None)
        assert pids[2][1] not in (None, pids[0][1])
    finally:
        worker.close()


def test_workers_know_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    worker = WorkerProcess(ParserConfig())
    try:
        worker.parse("a.html", page("x"))
        with open(f"/proc/{worker.pid}/environ", "rb") as stream:
            environment = stream.read()
        with open(f"/proc/{worker.pid}/limits", encoding="ascii") as stream:
            limits = {line[:26].strip(): line[26:].split()[0] for line in stream}
    finally:
        worker.close()
    assert b"very-secret" not in environment
    assert b"PATH=" in environment
    assert limits["Max core file size"] == "0"
    assert limits["Max open files"] == "64"
    assert limits["Max address space"] != "unlimited"


def test_no_process_is_left_after_close() -> None:
    pool = ParsePool(ParserConfig(workers=1))
    worker_pids = set(_children())
    pool.parse("a.html", page("x"))
    started = set(_children()) - worker_pids
    pool.close()
    assert len(started) == 1
    assert not started & set(_children())


def _children() -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process().children(recursive=True)]
