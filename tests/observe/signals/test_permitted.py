"""Signals and feature rows for a purpose: only of users who permit it, as of now, through every door."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from headrace.cli.main import run
from headrace.errors import UsageError
from headrace.server.app import create_app
from headrace.workspace import Workspace
from tests.observe.traces.spans import span
from tests.workbench import Workbench

VIEW = """
entity = ["place", "user"]
subject = "user"
event_time = "at"
[source]
csv = "accounts.csv"
[schema]
balance = "number"
user = "integer"
"""
ROWS = "place,user,at,balance\nmill,7,2026-01-01,1.5\nmill,8,2026-01-01,2.5\n"
ASKED = [
    {"place": place, "user": user, "event_time": "2026-02-01"}
    for place, user in (("mill", 7), ("mill", 8), ("weir", 8), ("mill", None))
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    bench = Workbench(tmp_path_factory.mktemp("permitted"))
    (bench.root / "features").mkdir()
    (bench.root / "features/account.toml").write_text(VIEW)
    (bench.root / "accounts.csv").write_text(ROWS)
    with bench.open() as opened:
        yield opened


def kept(workspace: Workspace, purpose: str | None, **asked: int) -> list[str]:
    report = workspace.signals.list(purpose=purpose, kind="rating", **asked)  # type: ignore[arg-type] # as given
    return [str(signal.comment) for signal in report.signals]


def test_signals_of_users_who_do_not_permit_it_are_left_out(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    keyring = workspace.traces.parts.keyring
    annas = span(kind="ask", subject=keyring.subject("anna"))
    nobodys = span(kind="ask")
    workspace.events.append([annas, nobodys]).result()
    given = [
        (annas.trace_id, None, "of the trace of anna"),
        (nobodys.trace_id, "ben", "of ben"),
        (annas.trace_id, "ben", "of ben on the trace of anna"),
        (nobodys.trace_id, None, "of nobody"),
        ("e" * 32, "ben", "of ben, before its trace"),
    ]
    for at, (trace, user, comment) in enumerate(given):
        workspace.signals.add(
            trace, "rating", 2, user=user, comment=comment, at_us=1_700_000_000_000_000 - at // 2
        )
    words = [comment for _, _, comment in given]
    assert sorted(kept(workspace, None)) == sorted(words)
    assert sorted(kept(workspace, "eval")) == sorted(words)
    assert kept(workspace, "training") == [], "training is refused until it is allowed"
    workspace.consents.set("ben", training=True)
    assert sorted(kept(workspace, "training")) == sorted([words[1], words[4]])
    assert len(kept(workspace, "training", limit=1)) == 1
    workspace.consents.set("anna", eval=False)
    assert sorted(kept(workspace, "eval")) == sorted([words[1], words[3], words[4]])
    assert workspace.signals.list(purpose="eval").refused == 2
    with pytest.raises(UsageError, match="Allowed: eval, training"):
        kept(workspace, "fun")
    root = str(workspace.config.root)
    assert run(["signal", "list", "--for", "eval", "--json", "-w", root]) == 0
    assert len(json.loads(capsys.readouterr().out)["signals"]) == 3
    with TestClient(create_app(workspace), base_url="http://127.0.0.1") as client:
        assert len(client.get("/api/signals", params={"purpose": "training"}).json()["signals"]) == 2


def test_rows_of_features_hold_nothing_of_users_who_do_not_permit_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    def joined(purpose: str | None) -> list[tuple[float | None, str]]:
        report = workspace.features.join_rows(ASKED, ["account"], purpose=purpose)  # type: ignore[arg-type] # as given
        assert [(row["place"], row["user"]) for row in report.values] == [
            (row["place"], row["user"]) for row in ASKED
        ], "every row, in its order"
        return [(row["account__balance"], row["account__status"]) for row in report.values]

    plain = [(1.5, "ok"), (2.5, "ok"), (None, "missing"), (None, "missing")]
    nothing = (None, "no consent")
    assert joined(None) == plain
    assert joined("eval") == plain
    assert joined("training") == [nothing, nothing, nothing, (None, "missing")]
    workspace.consents.set("7", training=True)
    workspace.consents.set("8", eval=False)
    assert joined("training") == [(1.5, "ok"), nothing, nothing, (None, "missing")]
    assert joined("eval") == [(1.5, "ok"), nothing, nothing, (None, "missing")]
    assert joined(None) == plain
    with pytest.raises(UsageError, match="Allowed: eval, training"):
        joined("fun")
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    asked.write_text("place,user,event_time\nmill,7,2026-02-01\nmill,8,2026-02-01\n")
    command = ["feature", "join", str(asked), "-f", "account:balance", "-o", str(out), "--for", "training"]
    assert run([*command, "-w", str(workspace.config.root)]) == 0
    statuses = [row["account__status"] for row in csv.DictReader(out.read_text().splitlines())]
    assert statuses == ["ok", "no consent"]
    with TestClient(create_app(workspace), base_url="http://127.0.0.1") as client:
        body = {"rows": ASKED, "features": ["account"], "purpose": "training"}
        report = client.post("/api/features/join", json=body).json()
        assert report["statuses"]["account"] == {"ok": 1, "no consent": 2, "missing": 1}
