"""The nearest entities are those of a comparison with every one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import NotFoundError, UsageError
from headrace.workspace import Workspace
from tests.workbench import Workbench

VECTORS = {
    "u1": [1.0, 0.0],
    "u2": [0.9, 0.1],
    "u3": [-1.0, 0.0],
    "u4": None,
    "u5": [0.0, 0.0],
    "u6": [1.0, 1.0, 1.0],
    "u7": [0.0, 2.0],
}
VIEW = """
entity = "user"
event_time = "at"
[source]
parquet = "tastes.parquet"
[schema]
taste = "vector"
name = "string"
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    bench = Workbench(tmp_path_factory.mktemp("nearest"))
    (bench.root / "features").mkdir()
    (bench.root / "features" / "user.toml").write_text(VIEW)
    # What u1 was like before does not count.
    users, vectors = [*VECTORS, "u1"], [*VECTORS.values(), [0.0, 1.0]]
    at = [*["2026-01-02"] * len(VECTORS), "2026-01-01"]
    table = pa.table({"user": users, "at": at, "taste": vectors, "name": ["x"] * len(users)})
    pq.write_table(table, bench.root / "tastes.parquet")
    with bench.open() as opened:
        yield opened


def test_an_entity_finds_those_that_are_like_it(workspace: Workspace) -> None:
    found = workspace.features.search("user:taste", like=["u1"], k=2)
    assert found.compared == 3  # no vector, no direction, another length, and itself
    assert [item.entity for item in found.matches] == [{"user": "u2"}, {"user": "u7"}]
    assert found.matches[0].similarity == pytest.approx(0.9 / math.hypot(0.9, 0.1), abs=1e-6)
    assert found.matches[0].event_time == "2026-01-02T00:00:00Z"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=2).filter(lambda v: max(map(abs, v)) > 0.01))
def test_a_vector_is_held_against_every_one(workspace: Workspace, vector: list[float]) -> None:
    found = workspace.features.search("user:taste", vector=vector)
    others = {name: value for name, value in VECTORS.items() if value and any(value) and len(value) == 2}
    cosines = {
        name: sum(a * b for a, b in zip(vector, value, strict=True))
        / math.hypot(*vector)
        / math.hypot(*value)
        for name, value in others.items()
    }
    assert {item.entity["user"]: item.similarity for item in found.matches} == pytest.approx(
        cosines, abs=1e-5
    )
    similarities = [item.similarity for item in found.matches]
    assert similarities == sorted(similarities, reverse=True)


def test_what_cannot_be_found_is_said(workspace: Workspace) -> None:
    for like in ("u4", "u9"):
        with pytest.raises(NotFoundError, match="no vector that counts|taste of entity"):
            workspace.features.search("user:taste", like=[like])
    with pytest.raises(UsageError, match="no direction"):
        workspace.features.search("user:taste", like=["u5"])
    with pytest.raises(UsageError, match="is no vector"):
        workspace.features.search("user:name", like=["u1"])
    with pytest.raises(UsageError, match="What is looked for"):
        workspace.features.search("user:taste")


def test_it_is_found_from_the_command_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from headrace.cli.main import run

    folder = ["--workspace", str(Path(workspace.root))]
    assert run(["feature", "search", "user:taste", "u1", "--k", "1", *folder]) == 0
    assert capsys.readouterr().out.split() == ["user:taste", "3", "compared", "0.9939", "u2"]
