"""Access labels change in a lane of their own: no row is written, nothing is embedded, both ways at once."""

from __future__ import annotations

import json
from pathlib import Path

from tests.workbench import Workbench, was_killed

RECORDS = '{ type = "records", path = "rows.jsonl", id = "id", text = ["text"], access = "who" }'


def _configure(bench: Workbench, rules: str, *, chunk_tokens: int = 32) -> None:
    bench.configure(extra=f"\n[corpus.docs.access]\n{rules}\n", chunk_tokens=chunk_tokens)


def _bench(folder: Path) -> Workbench:
    bench = Workbench(folder)
    for name in ("hr/pay.md", "hr/leave.md", "open/map.md"):
        bench.write(name, f"The heron of {name} wades.")
    _configure(bench, '"*" = ["staff"]')
    bench.sync()
    return bench


def _versions(bench: Workbench) -> list[str]:
    """Every version and every data file of every table."""
    tables = bench.root / ".headrace"
    return sorted(str(path) for kind in ("_versions", "data") for path in tables.rglob(f"*.lance/{kind}/*"))


def _seen(bench: Workbench, *labels: str) -> set[str]:
    with bench.open() as workspace:
        return {hit.document[5:] for hit in workspace.search("heron wades", access=labels).hits}


def test_other_patterns_write_no_row_and_count_both_ways(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    assert _seen(bench, "staff") == {"hr/pay.md", "hr/leave.md", "open/map.md"}
    before = _versions(bench)
    _configure(bench, '"hr/*" = ["hr"]\n"*" = ["public"]')
    report = bench.sync()
    assert (report.relabelled, report.documents.unchanged, report.commits) == (2, 3, 0)
    assert (report.embeddings.computed, report.chunks.added) == (0, 0)
    assert _seen(bench) == {"open/map.md"}
    assert _seen(bench, "staff") == {"open/map.md"}
    assert _seen(bench, "hr") == {"hr/pay.md", "hr/leave.md", "open/map.md"}
    _configure(bench, '"hr/pay.md" = ["board"]\n"*" = ["staff"]')
    assert bench.sync().relabelled == 2
    assert _seen(bench, "board") == {"hr/pay.md"}
    assert _seen(bench, "staff") == {"hr/leave.md", "open/map.md"}
    assert _seen(bench) == set()
    assert _versions(bench) == before
    assert bench.sync().relabelled == 0


def test_other_labels_of_a_pattern_write_no_row(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    before = _versions(bench)
    _configure(bench, '"*" = ["board"]')
    assert bench.sync().commits == 0
    assert (_seen(bench, "staff"), len(_seen(bench, "board"))) == (set(), 3)
    assert _versions(bench) == before


def test_a_rewritten_document_keeps_its_new_labels(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _configure(bench, '"hr/*" = ["hr"]\n"*" = ["public"]')
    bench.write("hr/pay.md", "The heron of edited pay wades.")
    report = bench.sync()
    assert (report.documents.updated, report.relabelled) == (1, 2)
    assert _seen(bench, "hr") == {"hr/pay.md", "hr/leave.md", "open/map.md"}
    assert _seen(bench) == {"open/map.md"}


def test_labels_of_records_follow_without_a_rewrite(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)

    def write(who: list[str]) -> None:
        lines = [{"id": "a", "text": "A heron wades.", "who": who}, {"id": "b", "text": "Two.", "who": []}]
        (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    bench.configure(sources=RECORDS)
    write(["staff"])
    bench.sync()
    before = _versions(bench)
    write(["board"])
    assert (bench.sync().relabelled, _versions(bench)) == (1, before)
    with bench.open() as workspace:
        assert workspace.search("heron wades", access=["staff"]).hits == ()
        assert len(workspace.search("heron wades", access=["board"]).hits) == 1


def test_a_narrow_reader_finds_one_document_among_many(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    for number in range(400):
        bench.write(f"{number}.md", f"heron wades {number}")
    bench.write("far.md", "One heron among many other words of a long sentence about quite other things.")
    _configure(bench, '"*" = ["staff"]')
    bench.sync()
    _configure(bench, '"far.md" = ["guest"]\n"*" = ["staff"]')
    bench.sync()
    assert _seen(bench, "guest") == {"far.md"}


def test_a_revocation_counts_in_the_generation_that_serves_while_another_is_built(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _configure(bench, '"hr/*" = ["board"]\n"*" = ["staff"]', chunk_tokens=16)
    killed = bench.sync_in_process(failpoints="sync.before_cutover")
    assert was_killed(killed), killed.stderr
    assert _seen(bench, "staff") == {"open/map.md"}
    assert _seen(bench, "board") == {"hr/pay.md", "hr/leave.md"}


def test_a_kill_before_the_labels_are_committed_leaves_the_old_ones_whole(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _configure(bench, '"hr/*" = ["hr"]\n"*" = ["public"]')
    killed = bench.sync_in_process(failpoints="access.in_transaction")
    assert was_killed(killed), killed.stderr
    assert _seen(bench, "staff") == {"hr/pay.md", "hr/leave.md", "open/map.md"}
    assert _seen(bench) == set()
    assert bench.sync().relabelled == 2
    assert _seen(bench) == {"open/map.md"}
