"""P2: a materialisation that is killed at any step leaves whole rows, and the next one finishes it."""

from __future__ import annotations

from pathlib import Path

import pytest

import headrace
from headrace.ledger.failpoints import NAMES
from headrace.observe.features import materialise  # noqa: F401 - it declares failpoints
from headrace.observe.features.online import sqlite  # noqa: F401 - and so does it
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

FAILPOINTS = ["feature.begun", "feature.batch", "feature.written", "feature.before_done"]
_ENTITIES = 5_001
"""Two batches."""
_VIEW = """\
entity = "user"
event_time = "at"
[source]
parquet = "account.parquet"
[schema]
low = "integer"
high = "integer"
"""
_MATERIALISE = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    assert workspace.features.materialise("account").state == "done"
"""


def test_every_failpoint_is_killed_below() -> None:
    assert set(FAILPOINTS) == {name for name in NAMES if name.startswith("feature.")}


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_what_serves_is_old_or_new_and_the_next_run_finishes(tmp_path: Path, failpoint: str) -> None:
    _kill(tmp_path, failpoint, online=None)


def test_so_it_is_in_redis_and_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    from redis import Redis, RedisError

    url = "redis://127.0.0.1:6379/0"
    client = Redis.from_url(url)
    try:
        client.ping()
    except RedisError:
        pytest.skip("needs a Redis server on loopback")
    client.close()
    _kill(tmp_path, "feature.batch", online=url, ledger=postgres_url)
    with headrace.open(tmp_path) as workspace:
        workspace._online.erase([str(number) for number in range(_ENTITIES)])


def _kill(root: Path, failpoint: str, *, online: str | None, ledger: str | None = None) -> None:
    bench = Workbench(root)
    where = f'[storage]\nonline = "{online}"\n' if online else ""
    if ledger and online:
        where = f'[storage]\nledger = "{ledger}"\nonline = "{online}"\n'
    text = (root / "headrace.toml").read_text()
    (root / "headrace.toml").write_text(where + text)
    (root / "features").mkdir()
    (root / "features" / "account.toml").write_text(_VIEW)
    _source(root, 1)
    with bench.open() as workspace:
        assert workspace.features.materialise("account").written == _ENTITIES
    _source(root, 2)
    killed = run_python(_MATERIALISE, str(root), failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    seen = _rows(bench)
    assert seen <= {(1, 1), (2, 2)}, "a row of both runs"
    if online is None:
        assert len(seen) == 1, "one transaction"
        assert seen == ({(1, 1)} if failpoint in FAILPOINTS[:2] else {(2, 2)})
    with bench.open() as workspace:
        assert workspace.features.materialise("account").state == "done"
        assert workspace.features.check("account").differing == 0
    assert _rows(bench) == {(2, 2)}


def _source(root: Path, value: int) -> None:
    from datetime import UTC, datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    count = _ENTITIES
    at = pa.array([datetime(2026, 1, value, tzinfo=UTC)] * count, pa.timestamp("us", "UTC"))
    users = [str(number) for number in range(count)]
    pq.write_table(
        pa.table({"user": users, "at": at, "low": [value] * count, "high": [value] * count}),
        root / "account.parquet",
    )


def _rows(bench: Workbench) -> set[tuple[int, int]]:
    with bench.open() as workspace:
        rows = [workspace.features.get("account", str(number)) for number in range(0, _ENTITIES, 50)]
    assert all(row.status == "ok" for row in rows)
    return {(row.values["low"], row.values["high"]) for row in rows}
