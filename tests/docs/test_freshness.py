"""docs/freshness.md: its keys and factors are those of the program, its commands run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from headrace.flows.freshness.debt import KINDS
from headrace.ingest.validity import dates
from headrace.ingest.validity.ranking import RankingConfig
from tests.docs.pages import DOCS, Block, blocks, code, section, tables
from tests.doors.cli.program import run_program
from tests.doors.server.serving import small_workspace

PAGE = DOCS / "freshness.md"
COMMANDS = [
    pytest.param(block, id=f"{block.section}-{number}")
    for number, block in enumerate(blocks(PAGE, "sh"), start=1)
]


def test_the_keys_are_those_that_are_read() -> None:
    (table,) = tables(section(PAGE, "What a document says itself"))
    named = {code(key) for row in table for key in row[0].split(", ")}
    read = {*dates.VALID_FROM, *dates.VALID_TO, *dates.DATED, *dates.SUPERSEDED_BY, dates.DEPRECATED}
    assert named == read


def test_the_factors_are_those_of_the_program() -> None:
    (table,) = tables(section(PAGE, "Which documents hold"))
    for mark, _, factor in table:
        key, _, value = factor.partition(", ")
        assert getattr(RankingConfig(), code(key)) == float(value)
        assert RankingConfig().factor([code(mark)]) == float(value)


def test_the_kinds_of_debt_are_those_of_the_program() -> None:
    (table,) = tables(section(PAGE, "What an index owes"))
    assert {code(kind): counts for kind, counts in table} == dict(KINDS)


@pytest.mark.parametrize("block", COMMANDS)
def test_the_commands_run(tmp_path: Path, block: Block) -> None:
    bench = small_workspace(tmp_path)
    bench.sync()
    for line in block.text.splitlines():
        words = shlex.split(line)
        assert words.pop(0) == "headrace"
        done = run_program(*words, cwd=bench.root)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
