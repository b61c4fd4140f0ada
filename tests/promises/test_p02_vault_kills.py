"""P2: the vault and the cache that are killed at any step lose nothing that was confirmed and mix nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from headrace.infer.cache.backends.sqlite import SQLiteCache
from headrace.ledger.erasure.scope import Scope, Target
from headrace.ledger.failpoints import NAMES
from headrace.ledger.ledger import Ledger
from headrace.ledger.storage.tables.vault import vault_keys, vault_masters, vault_values
from headrace.privacy.vault import rotation
from headrace.privacy.vault.eraser import VaultEraser
from headrace.privacy.vault.masters import Masters
from tests.infer.cache.entries import entry
from tests.infer.cache.test_stores import redis_store
from tests.privacy.vault.calls import call, opened, vault_of
from tests.processes import run_python
from tests.workbench import was_killed

ROTATING = [
    "vault.rotate_started",
    "vault.in_rotate_transaction",
    "vault.rotate_batch",
    "vault.rotate_destroyed",
]
OTHERS = {
    "vault.in_save_transaction",
    "vault.in_shred_transaction",
    "cache.in_put_transaction",
    "cache.before_redis_exec",
}
SESSIONS = 3

_PROCESS = """\
import sys
from pathlib import Path
from headrace.infer.cache.backends.redis import RedisCache
from headrace.infer.cache.backends.sqlite import SQLiteCache
from headrace.ledger.erasure.scope import Scope, Target
from headrace.ledger.ledger import Ledger
from headrace.privacy.vault import rotation
from headrace.privacy.vault.eraser import VaultEraser
from tests.infer.cache.entries import entry
from tests.infer.cache.test_stores import REDIS
from tests.privacy.vault.calls import call, opened, vault_of
rotation._BATCH = 1
with Ledger.open(sys.argv[2]) as ledger:
    vault = vault_of(ledger, Path(sys.argv[1]))
    exec(sys.argv[3])
"""
_SAVE = """
for number in range(3):
    shield = opened(vault, call(f"s{number}", documents=("a.md",)))
    print(shield.hide("John Doe"))
    shield.settle().result()
    print("kept", flush=True)
"""
_ROTATE = "rotation.rotate(ledger, vault.masters)"
_SHRED = 'VaultEraser(ledger, vault._keyring).erase(Scope(targets=(Target("docs", "a.md"),)))'
_PUT_REDIS = 'RedisCache(REDIS, prefix=sys.argv[1]).put(entry("second", ties=("tie",)), most=1)'
_PUT = 'SQLiteCache(Path(sys.argv[1]) / "online.sqlite").put(entry("second", ties=("tie",)), most=1)'


def run(root: Path, url: str, work: str, failpoints: str = "") -> subprocess.CompletedProcess[str]:
    return run_python(_PROCESS, str(root), url, work, failpoints=failpoints)


def test_every_failpoint_is_killed() -> None:
    mine = {name for name in NAMES if name.startswith(("vault.", "cache."))}
    assert mine == {*ROTATING, *OTHERS}


def _prepared(root: Path, url: str) -> dict[str, str]:
    """Sessions with a value each, and what stands for it."""
    with Ledger.open(url) as ledger:
        vault = vault_of(ledger, root)
        tokens = {}
        for number in range(SESSIONS):
            shield = opened(vault, call(f"s{number}", documents=("a.md",)))
            tokens[f"s{number}"] = shield.hide("John Doe")
            shield.settle().result()
    return tokens


def _rotated_in_the_end(root: Path, url: str, failpoint: str) -> None:
    tokens = _prepared(root, url)
    killed = run(root, url, _ROTATE, failpoint)
    assert was_killed(killed), killed.stderr
    with Ledger.open(url) as ledger:
        vault = vault_of(ledger, root)
        for session, token in tokens.items():
            assert opened(vault, call(session)).show(token) == "John Doe", "readable in the middle"
        report = rotation.rotate(ledger, vault.masters)
        assert report.resumed or failpoint == "vault.rotate_destroyed"
        with ledger.read() as conn:
            masters = set(conn.execute(sa.select(vault_masters.c.id)).scalars())
            assert set(conn.execute(sa.select(vault_keys.c.master)).scalars()) == masters == {report.key}
        files = {path.stem for path in (root / "keys").glob("vault-*.key") if path.stem != "vault-tokens"}
        assert files == {report.key}
        for session, token in tokens.items():
            assert opened(vault_of(ledger, root), call(session)).show(token) == "John Doe"


@pytest.mark.parametrize("failpoint", ROTATING)
def test_a_rotation_that_was_killed_is_finished_by_the_next(tmp_path: Path, failpoint: str) -> None:
    _rotated_in_the_end(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", failpoint)


def test_a_rotation_that_was_killed_is_finished_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _rotated_in_the_end(tmp_path, postgres_url, "vault.in_rotate_transaction=kill:2")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("failpoint", ROTATING[1:3])
def test_full_matrix_of_rotations(tmp_path: Path, postgres_url: str, failpoint: str, nth: int) -> None:
    _rotated_in_the_end(tmp_path / "a", f"sqlite:///{tmp_path}/ledger.sqlite", f"{failpoint}=kill:{nth}")
    _rotated_in_the_end(tmp_path / "b", postgres_url, f"{failpoint}=kill:{nth}")


def test_what_a_call_was_told_is_kept_survives_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    killed = run(tmp_path, url, _SAVE, "vault.in_save_transaction=kill:3")
    assert was_killed(killed), killed.stderr
    told = killed.stdout.split("\n")
    assert told.count("kept") == 2
    tokens = [line for line in told if line.startswith("⟨")]
    with Ledger.open(url) as ledger:
        vault = vault_of(ledger, tmp_path)
        shown = [opened(vault, call(f"s{number}")).show(token) for number, token in enumerate(tokens)]
    assert shown[:2] == ["John Doe"] * 2
    assert shown[2] == tokens[2], "its call never answered"


def test_a_shredding_that_was_killed_is_whole_or_not_begun(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    _prepared(tmp_path, url)
    assert was_killed(run(tmp_path, url, _SHRED, "vault.in_shred_transaction"))
    with Ledger.open(url) as ledger:
        vault = vault_of(ledger, tmp_path)
        eraser = VaultEraser(ledger, vault._keyring)
        scope = Scope(targets=(Target("docs", "a.md"),))
        assert eraser.find(scope) == eraser.erase(scope) == 2 * SESSIONS
        with ledger.read() as conn:
            assert conn.execute(sa.select(sa.func.count()).select_from(vault_values)).scalar_one() == 0
        assert Masters(ledger, vault._keyring).current().number == 1


def test_a_cached_output_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    store = SQLiteCache(tmp_path / "online.sqlite")
    store.put(entry("first", ties=("tie",)), most=1)
    assert was_killed(run(tmp_path, url, _PUT, "cache.in_put_transaction"))
    assert (store.held().entries, store.tied(["tie"])) == (1, ["first"])
    store.close()


def test_a_cached_output_in_redis_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    store = redis_store()
    store.put(entry("first", ties=("tie",)), most=1)
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    killed = run(Path(store.prefix), url, _PUT_REDIS, "cache.before_redis_exec")
    assert was_killed(killed), killed.stderr
    assert (store.held().entries, store.tied(["tie"])) == (1, ["first"])
    store.clear()
    store.close()
