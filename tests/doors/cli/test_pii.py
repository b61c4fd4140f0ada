"""`headrace pii scan`: one text, or a line of records at a time."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.cli.program import Program

TEXT = "Mail a@b.com\nand é 4111 1111 1111 1111.\n"


def test_a_file_with_and_without_a_workspace(tmp_path: Path, headrace: Program) -> None:
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")
    done = headrace("pii", "scan", "note.txt", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)["findings"]
    assert (done.returncode, done.stderr) == (0, "")
    assert [(item["type"], TEXT[item["start"] : item["end"]]) for item in found] == [
        ("EMAIL_ADDRESS", "a@b.com"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
    ]
    assert set(found[0]) == {"type", "start", "end", "score", "validator"}
    (tmp_path / "headrace.toml").write_text('[privacy]\nignore = ["EMAIL_ADDRESS"]\n', encoding="utf-8")
    found = json.loads(headrace("pii", "scan", "note.txt", "--json", cwd=tmp_path).stdout)["findings"]
    assert [item["type"] for item in found] == ["CREDIT_CARD"]


def test_values_are_printed_only_when_asked_for(tmp_path: Path, headrace: Program) -> None:
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")
    quiet = headrace("pii", "scan", "note.txt", cwd=tmp_path).stdout
    assert "EMAIL_ADDRESS  1 finding\n  5–12\n" in quiet
    assert "a@b.com" not in quiet
    assert "5–12  1.00  a@b.com" in headrace("pii", "scan", "note.txt", "--show", cwd=tmp_path).stdout


def test_records_give_a_result_a_line(tmp_path: Path, headrace: Program) -> None:
    lines = ['{"text": "a@b.com"}', '{"text": "nothing"}', '{"body": "a@b.com"}', "no json", '{"text": 5}']
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = headrace("pii", "scan", "rows.jsonl", "--jsonl", "text", cwd=tmp_path)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [len(result.get("findings", ())) for result in results] == [1, 0, 0, 0, 0]
    assert results[2]["error"]["message"] == "Line 3 has no text in 'text'; it has 'body'."
    assert "Line 4 is not JSON" in results[3]["error"]["message"]


def test_a_file_that_is_not_there(tmp_path: Path, headrace: Program) -> None:
    done = headrace("pii", "scan", "missing.txt", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "missing.txt" in json.loads(done.stdout)["error"]["message"]
