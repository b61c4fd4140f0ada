"""The operations on features, over files and databases of a workspace, through every door."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import run
from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.infer.prompts.features import FeatureReader, feature_variables
from tests.workbench import Workbench

_VIEW = """\
description = "What a customer owes."
entity = "user"
event_time = "at"
ttl = "30d"
[source]
csv = "accounts"
[schema]
balance = "number"
tier = "string"
"""
_RECENT = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    made = Workbench(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "account.toml").write_text(_VIEW)
    write(tmp_path, [(f"u{number}", number, "basic") for number in range(100)])
    return made


def write(root: Path, rows: list[tuple[Any, ...]], name: str = "a.csv", at: datetime = _RECENT) -> None:
    """A file of the source; None is nothing at all, as it differs from an empty text."""
    (root / "accounts").mkdir(exist_ok=True)
    lines = ["user,at,balance,tier"]
    for user, balance, tier in rows:
        shown = ["" if value is None else f'"{value}"' for value in (user, at.isoformat(), balance, tier)]
        lines.append(",".join(shown))
    (root / "accounts" / name).write_text("\n".join(lines) + "\n")


def test_a_run_that_looks_wrong_is_held_and_what_served_goes_on(bench: Workbench) -> None:
    with bench.open() as workspace:
        assert workspace.features.materialise("account").state == "done"
    before = [(f"u{number}", number, "basic") for number in range(100)]
    wrong: dict[str, tuple[list[tuple[Any, ...]], str]] = {
        "nulls": ([(user, None, tier) for user, _, tier in before], "100% of entities have null, 0% had"),
        "empty": ([(user, value, "") for user, value, _ in before], "have an empty string"),
        "types": ([(user, "?", tier) for user, _, tier in before[:1]] + before[1:], "declared type: 1"),
        "range": ([("u0", 10**9, "basic"), *before[1:]], "it ranges from"),
        "gone": (before[:70], "30 of the 100 entities that serve are gone"),
        "keys": ([*before, *[(None, 1, "basic")] * 20], "20 of 120 rows lack a key"),
    }
    for name, (rows, reason) in wrong.items():
        write(bench.root, rows, at=_RECENT + timedelta(hours=1))
        with bench.open() as workspace:
            held = workspace.features.materialise("account")
            assert held.state == "held", name
            assert any(reason in item for item in held.reasons), (name, held.reasons)
            assert workspace.features.get("account", "u7").values == {"balance": 7.0, "tier": "basic"}
            (listed,) = workspace.features.list().views
            assert listed.held is not None
            assert listed.held.run == held.run
            assert listed.serving is not None


def test_nulls_that_became_empty_strings_are_told_and_may_be_confirmed(bench: Workbench) -> None:
    users = [f"u{number}" for number in range(100)]
    write(bench.root, [(user, 1, None if at % 2 else "gold") for at, user in enumerate(users)])
    with bench.open() as workspace:
        workspace.features.materialise("account")
        write(bench.root, [(user, 1, "" if at % 2 else "gold") for at, user in enumerate(users)])
        held = workspace.features.materialise("account")
        assert held.reasons == ("tier: nulls became empty strings (50% of entities)",)
        assert workspace.features.get("account", "u1").values["tier"] is None
        done = workspace.features.materialise("account", confirm=True)
        assert (done.state, done.written, done.reasons) == ("done", 50, held.reasons)
        assert workspace.features.get("account", "u1").values["tier"] == ""
        assert workspace.features.materialise("account").reasons == ()


def test_a_few_rows_are_no_reason_for_an_alarm(bench: Workbench) -> None:
    write(bench.root, [("u1", 1, "a"), ("u2", 2, "b"), ("u3", 3, None)])
    with bench.open() as workspace:
        workspace.features.materialise("account")
        write(bench.root, [("u1", 1, "a"), ("u2", 2, None), ("u3", 3, None)])
        assert workspace.features.materialise("account").state == "done"


def test_online_equals_offline_until_the_source_takes_something_back(bench: Workbench) -> None:
    write(bench.root, [("u1", 50, "gold")], name="b.csv", at=_RECENT + timedelta(hours=1))
    write(bench.root, [("u1", 9, "later")], name="c.csv", at=datetime.now(UTC) + timedelta(days=1))
    write(bench.root, [("u2", 2, "old")], name="0.csv", at=_RECENT - timedelta(days=50))
    with bench.open() as workspace:
        workspace.features.materialise("account")
        assert workspace.features.get("account", "u1").values["tier"] == "gold", "tomorrow is not yet"
        checked = workspace.features.check("account")
        assert (checked.entities, checked.differing) == (100, 0)
        (bench.root / "accounts" / "b.csv").unlink()
        differing = workspace.features.check("account")
        assert {item.feature for item in differing.differences} == {"balance", "tier"}
        workspace.features.materialise("account")
        assert workspace.features.check("account").differing == 1, "an older row never comes back by itself"
        workspace.features.materialise("account", rebuild=True)
        assert workspace.features.check("account").differing == 0


def test_a_value_expires(bench: Workbench) -> None:
    write(bench.root, [("u1", 1, "a")], at=datetime.now(UTC) - timedelta(days=31))
    with bench.open() as workspace:
        workspace.features.materialise("account")
        row = workspace.features.get("account", "u1")
        assert (row.status, row.values) == ("expired", {"balance": None, "tier": None})
        assert workspace.features.get("account", "nobody").status == "missing"


def test_a_prompt_reads_features_by_name(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.features.materialise("account")
        reader = workspace.features.reader
        assert isinstance(reader, FeatureReader)
        variables = feature_variables(reader, {"owed": "account:balance"}, {"user": "u7"})
        assert variables == {"owed": 7.0}
        assert reader.get(["account"], {"user": "u8"}) == {"account": {"balance": 8.0, "tier": "basic"}}
        with pytest.raises(UsageError, match="needs the key 'user'"):
            reader.get(["account:balance"], {})
        with pytest.raises(NotFoundError, match="account:balance"):
            reader.get(["account:nothing"], {"user": "u8"})


def test_forgetting_a_subject_takes_its_features_and_keeps_them_out(bench: Workbench) -> None:
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    subject = "person-4711-of-nowhere"
    write(bench.root, [(subject, 1, "a"), ("u2", 2, "b"), ("u3", 3, "c"), ("u4", 3, "c"), ("u5", 3, "c")])
    bench.write("a.md", "About herons.")
    bench.sync()
    with bench.open() as workspace:
        workspace.features.materialise("account")
        report = workspace.forget(f"subject:{subject}")
        assert [(item.store, item.items) for item in report.erased] == [("features", 1)]
        assert report.scan.hits == 0
        assert report.unproven == (), "the scan saw the subject before"
        assert report.certificate is not None
        assert workspace.features.get("account", subject).status == "missing"
    assert subject.encode() not in (bench.root / ".headrace" / "online.sqlite").read_bytes()
    with bench.open() as workspace:
        assert workspace.features.materialise("account").state == "done"
        assert workspace.features.get("account", subject).status == "missing", "the source has it still"
        asked = [{"user": subject, "event_time": datetime.now(UTC).isoformat()}]
        (row,) = workspace.features.join_rows(asked, ["account"]).values
        assert row["account__status"] == "missing"
        with pytest.raises(NotFoundError):
            workspace.forget("subject:somebody-else")
        assert workspace.allow(f"subject:{subject}").allowed == 1
        workspace.features.materialise("account")
        assert workspace.features.get("account", subject).status == "ok"


def test_sources_in_a_database_and_in_a_function(bench: Workbench) -> None:
    database = sqlite3.connect(bench.root / "shop.sqlite")
    database.execute("CREATE TABLE orders (shop INTEGER, user TEXT, at TEXT, total REAL)")
    database.execute("INSERT INTO orders VALUES (7, 'u1', '2026-01-02 03:04:05', 1.5)")
    database.commit()
    database.close()
    bench.configure(extra='[features]\npython = true\n[features.databases]\nshop = "sqlite:///shop.sqlite"\n')
    folder = bench.root / "features"
    (folder / "orders.toml").write_text(
        'entity = ["shop", "user"]\nsubject = "user"\nevent_time = "at"\n'
        '[source]\nsql = "SELECT * FROM orders"\ndatabase = "shop"\n'
        '[schema]\nshop = "integer"\ntotal = "number"\n'
    )
    (folder / "taste.toml").write_text(
        'entity = "user"\nevent_time = "at"\n[source]\npython = "tastes:rows"\n[schema]\ntaste = "vector"\n'
        'since = "datetime"\n'
    )
    (folder / "tastes.py").write_text(
        "import pyarrow as pa\nfrom datetime import datetime\n"
        "def rows():\n    at = [datetime(2026, 1, 2)]\n"
        "    return pa.table({'user': ['u1'], 'at': at, 'taste': [[0.25, -1.0]], 'since': at})\n"
    )
    with bench.open() as workspace:
        for name in ("orders", "taste"):
            workspace.features.materialise(name)
            assert workspace.features.check(name).differing == 0
        assert workspace.features.get("orders", "7", "u1").values == {"total": 1.5}
        taste = workspace.features.get("taste", "u1")
        assert taste.values == {"taste": [0.25, -1.0], "since": "2026-01-02T00:00:00Z"}
        assert taste.event_time == "2026-01-02T00:00:00Z"
        with pytest.raises(UsageError, match="2 keys, not 1"):
            workspace.features.get("orders", "7")
        rows: list[dict[str, Any]] = [
            {"shop": 7, "user": "u1", "when": "2026-02-01"},
            {"shop": None, "user": "u1", "when": None},
        ]
        joined = workspace.features.join_rows(rows, ["orders:total", "taste"], time="when")
        assert [row["orders__total"] for row in joined.values] == [1.5, None]
        assert [row["taste__taste"] for row in joined.values] == [[0.25, -1.0], None]
    (folder / "orders.toml").write_text((folder / "orders.toml").read_text().replace("SELECT", "DELETE"))
    with bench.open() as workspace, pytest.raises(UsageError, match="did not answer"):
        workspace.features.materialise("orders")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("event_time", "event_tme"), "is not a known key"),
        (('"number"', '"money"'), "not a choice"),
        (('csv = "accounts"', 'python = "a:b"'), "python = true"),
        (('csv = "accounts"', 'sql = "SELECT 1"\ndatabase = "shop"'), "not configured"),
        (('"30d"', '"a month"'), "no length of time"),
        (("balance", "balanse"), "no column 'balanse'"),
    ],
)
def test_a_wrong_view_says_what_is_wrong(bench: Workbench, change: tuple[str, str], message: str) -> None:
    file = bench.root / "features" / "account.toml"
    file.write_text(file.read_text().replace(*change))
    with bench.open() as workspace, pytest.raises(ConfigError, match=message):
        workspace.features.materialise("account")


def test_the_commands(
    bench: Workbench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bench.root)

    def call(*words: str) -> tuple[int, Any]:
        code = run(["feature", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    Path("calls.csv").write_text(
        f"user,event_time,note\nu7,{datetime.now(UTC).isoformat()},007\nu7,2020-01-01,\n"
    )
    assert call("materialise", "account")[1]["entities"] == 100
    assert call("get", "account", "u7")[1]["values"]["balance"] == 7.0
    code, joined = call("join", "calls.csv", "--features", "account:balance", "--out", "rows.csv")
    assert (code, joined["statuses"]) == (0, {"account": {"ok": 1, "missing": 1}})
    lines = Path("rows.csv").read_text().splitlines()
    assert lines[0] == "user,event_time,note,account__balance,account__status"
    assert [line.split(",")[2:] for line in lines[1:]] == [["007", "7.0", "ok"], ["", "", "missing"]]
    assert call("check", "account")[0] == 0
    assert call("list")[1]["views"][0]["ttl_seconds"] == 30 * 86_400
    write(bench.root, [("u7", 1, "basic")])
    code, held = call("materialise", "account")
    assert (code, held["state"]) == (3, "held")
    assert call("check", "account")[0] == 1
    assert call("join", "calls.csv", "--features", "nothing", "--out", "rows.csv")[0] == 2
    for words in (["list"], ["get", "account", "u7"], ["check", "account"], ["materialise", "account"]):
        run(["feature", *words])
    assert "held back" in capsys.readouterr().out


def test_the_routes(bench: Workbench) -> None:
    from fastapi.testclient import TestClient

    from headrace.server.app import create_app

    with bench.open() as workspace, TestClient(create_app(workspace), base_url="http://127.0.0.1") as client:
        assert client.post("/api/features/account/materialise", json={}).json()["state"] == "done"
        assert client.get("/api/features/account?key=u7").json()["values"]["balance"] == 7.0
        assert client.get("/api/features").json()["views"][0]["view"] == "account"
        assert client.post("/api/features/account/check").json()["differing"] == 0
        rows = [{"user": "u7", "event_time": datetime.now(UTC).isoformat()}]
        body = {"rows": rows, "features": ["account:balance"]}
        assert client.post("/api/features/join", json=body).json()["values"][0]["account__balance"] == 7.0
        assert client.get("/api/features/nothing?key=u7").status_code == 404
