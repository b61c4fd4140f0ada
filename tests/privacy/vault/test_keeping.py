"""What the vault stores: sealed, for a time, shown only with a note, and gone when it is forgotten."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from headrace.errors import HeadraceError, NotFoundError, Unprotected, UsageError, VaultError
from headrace.flows.vault.operations import VaultOperations
from headrace.infer.gateway.base import Shield, ShieldSource, StreamRestorer
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import Scope, Target
from headrace.ledger.ledger import Ledger
from headrace.ledger.storage.tables.vault import vault_audit, vault_keys, vault_values
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.vault import store
from headrace.privacy.vault.eraser import VaultEraser
from headrace.privacy.vault.tokens import parse
from headrace.privacy.vault.vault import Vault
from headrace.records.privacy import Finding
from tests.privacy.vault.calls import ENGINE, call, engine_without_names, opened, vault_of


@pytest.fixture
def vault(ledger: Ledger, tmp_path: Path) -> Vault:
    return vault_of(ledger, tmp_path)


@pytest.fixture
def sqlite_vault(sqlite_ledger: Ledger, tmp_path: Path) -> Vault:
    return vault_of(sqlite_ledger, tmp_path)


def operations(ledger: Ledger, vault: Vault) -> VaultOperations:
    return VaultOperations(
        ledger=ledger, vault=lambda: vault, engine=lambda: ENGINE, ttl="30d", actor="tester"
    )


def hidden(vault: Vault, text: str = "John Doe", session: str = "one", **options: object) -> str:
    shield = opened(vault, call(session, **options))  # type: ignore[arg-type]
    token = shield.hide(text)
    shield.settle().result()
    return token


def rows(ledger: Ledger) -> dict[str, int]:
    with ledger.read() as conn:
        return {
            table.name: conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (vault_keys, vault_values, vault_audit)
        }


def test_it_is_what_the_gateway_asks_for(sqlite_vault: Vault) -> None:
    assert isinstance(sqlite_vault, ShieldSource)
    for policy in ("on", "off"):
        shield = sqlite_vault.shield(call(vault=policy))
        assert isinstance(shield, Shield)
        assert isinstance(shield.stream(), StreamRestorer)
    assert sqlite_vault.shield(call(vault="off")).hide("John Doe") == "John Doe"


def test_another_process_restores_what_this_one_hid(ledger: Ledger, vault: Vault, tmp_path: Path) -> None:
    token = hidden(vault)
    again = vault_of(ledger, tmp_path)
    assert opened(again, call()).show(f"{token}'s") == "John Doe's"
    assert opened(again, call("two")).show(token) == token


def test_values_are_nowhere_in_clear(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    vault = vault_of(sqlite_ledger, tmp_path)
    hidden(vault, "Write to john.doe@example.com.", "session-of-john", subject="user-john")
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"vault_values" in data
    for secret in (b"john.doe", b"session-of-john", b"user-john"):
        assert secret not in data


def test_every_restored_token_is_noted_before_the_answer_leaves(
    sqlite_ledger: Ledger, sqlite_vault: Vault
) -> None:
    shield = opened(sqlite_vault, call())
    token = shield.hide("John Doe")
    shield.show(f"{token} and {token}")
    stream = shield.stream()
    assert stream.feed(f"{token}.") + stream.finish() == "John Doe."
    assert shield.facts() == {"hidden": 1, "shown": 3, "unknown": 0}
    shield.settle().result()
    shield.settle().result()
    audit = operations(sqlite_ledger, sqlite_vault).status().audit
    assert sum(entry.tokens for entry in audit) == 3
    assert {(entry.actor, entry.action, entry.trace) for entry in audit} == {("tester", "restore", "t1")}


def test_a_call_without_personal_data_writes_nothing(sqlite_ledger: Ledger, sqlite_vault: Vault) -> None:
    shield = opened(sqlite_vault, call())
    assert shield.show(shield.hide("What is the plan?")) == "What is the plan?"
    shield.settle().result()
    assert rows(sqlite_ledger) == {"vault_keys": 0, "vault_values": 0, "vault_audit": 0}


def test_reveal_notes_who_and_why_first(sqlite_ledger: Ledger, sqlite_vault: Vault) -> None:
    token = hidden(sqlite_vault)
    doors = operations(sqlite_ledger, sqlite_vault)
    shown = doors.reveal(token.strip("⟨⟩").lower(), reason="ticket 4711")
    assert (shown.value, shown.type, shown.token) == ("John Doe", "PERSON", token)
    newest = doors.status().audit[0]
    assert (newest.action, newest.reason, newest.id) == ("reveal", "ticket 4711", shown.audit)
    with pytest.raises(UsageError, match="reason"):
        doors.reveal(token, reason=" ")
    with pytest.raises(UsageError, match="no token"):
        doors.reveal("John", reason="x")
    with pytest.raises(NotFoundError):
        doors.reveal(token, reason="x", session="two")
    assert doors.status().shown == 1
    assert "John" not in repr(doors.status())


def test_values_end_with_their_time(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = vault_of(ledger, tmp_path, ttl_us=1)  # rounded up to a second or two
    token = hidden(vault)
    assert opened(vault, call()).show(token) == "John Doe"
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr("time.time_ns", lambda: later)
    assert opened(vault, call()).show(token) == token
    with pytest.raises(NotFoundError):
        operations(ledger, vault).reveal(token, reason="late")
    ledger.write(lambda tx: store.expire(tx, now_us=later // 1000))
    assert rows(ledger)["vault_values"] == rows(ledger)["vault_keys"] == 0


def test_a_session_that_goes_on_keeps_its_values(sqlite_ledger: Ledger, sqlite_vault: Vault) -> None:
    hidden(sqlite_vault)
    with sqlite_ledger.read() as conn:
        before = conn.execute(sa.select(vault_keys.c.expires_at_us)).scalar_one()
    longer = Vault(
        sqlite_ledger, sqlite_vault._keyring, lambda: ENGINE, ttl_us=90 * 86_400_000_000, actor="tester"
    )
    hidden(longer, "María García")
    with sqlite_ledger.read() as conn:
        after = conn.execute(sa.select(vault_keys.c.expires_at_us)).scalar_one()
    assert after > before


def test_forgetting_shreds_the_sessions_of_a_document_and_of_a_user(ledger: Ledger, vault: Vault) -> None:
    of_document = hidden(vault, session="a", documents=("docs/a.md",))
    of_user = hidden(vault, session="b", subject="user-1")
    other = hidden(vault, session="c", documents=("docs/b.md",))
    eraser = VaultEraser(ledger, vault._keyring)
    scope = Scope(targets=(Target("docs", "docs/a.md"),), subjects=(vault._keyring.subject("user-1"),))
    assert eraser.find(scope) == 4
    assert eraser.erase(scope) == 4
    eraser.clean(scope)
    assert eraser.find(scope) == eraser.erase(scope) == 0
    assert opened(vault, call("a")).show(of_document) == of_document
    assert opened(vault, call("b", subject="user-1")).show(of_user) == of_user
    assert opened(vault, call("c")).show(other) == "John Doe"


def test_a_shredded_session_is_not_brought_back_by_a_call_in_flight(ledger: Ledger, vault: Vault) -> None:
    hidden(vault, documents=("docs/a.md",))
    flying = opened(vault, call(documents=("docs/a.md",)))
    token = flying.hide("María García")
    VaultEraser(ledger, vault._keyring).erase(Scope(targets=(Target("docs", "docs/a.md"),)))
    assert flying.show(token) == "María García"
    flying.settle().result()
    assert rows(ledger) == {"vault_keys": 0, "vault_values": 0, "vault_audit": 1}


def test_rotation_replaces_every_key(ledger: Ledger, vault: Vault, tmp_path: Path) -> None:
    tokens = [hidden(vault, session=f"s{number}") for number in range(3)]
    with ledger.read() as conn:
        before = set(conn.execute(sa.select(vault_values.c.sealed)).scalars())
    flying, new = opened(vault, call("s0")), opened(vault, call("fresh"))
    written, made = flying.hide("María García"), new.hide("John Doe")
    report = operations(ledger, vault).rotate()
    assert (report.keys, report.values, report.destroyed, report.resumed) == (3, 3, ("vault-1",), False)
    flying.settle().result()
    new.settle().result()
    assert not (tmp_path / "keys" / "vault-1.key").exists()
    with ledger.read() as conn:
        assert not before & set(conn.execute(sa.select(vault_values.c.sealed)).scalars())
        assert set(conn.execute(sa.select(vault_keys.c.master)).scalars()) == {"vault-2"}
    again = vault_of(ledger, tmp_path)
    for number, token in enumerate(tokens):
        assert opened(again, call(f"s{number}")).show(token) == "John Doe"
    assert opened(again, call("s0")).show(written) == "María García"
    assert opened(again, call("fresh")).show(made) == "John Doe"


def test_a_row_that_was_moved_does_not_open(sqlite_ledger: Ledger, sqlite_vault: Vault) -> None:
    first, second = hidden(sqlite_vault), hidden(sqlite_vault, "María García")
    name, other = parse(first), parse(second)

    def swap(tx: object) -> None:
        row = sa.select(vault_values.c.sealed).where(vault_values.c.token == other)
        sealed = tx.conn.execute(row).scalar_one()  # type: ignore[attr-defined]
        mine = vault_values.c.token == name
        tx.conn.execute(sa.update(vault_values).where(mine).values(sealed=sealed))  # type: ignore[attr-defined]

    sqlite_ledger.write(swap)
    with pytest.raises(VaultError, match="cannot be opened"):
        opened(sqlite_vault, call()).show(first)


def test_without_its_master_key_nothing_opens(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    token = hidden(vault_of(sqlite_ledger, tmp_path))
    (tmp_path / "keys" / "vault-1.key").unlink()
    with pytest.raises(VaultError, match="cannot be opened"):
        opened(vault_of(sqlite_ledger, tmp_path), call()).show(token)


class Broken(Engine):
    """An engine that fails."""

    def scan(self, text: str) -> list[Finding]:
        raise RuntimeError(f"cannot read {text}")


def test_an_engine_that_fails_lets_nothing_leave(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    shield = opened(vault_of(sqlite_ledger, tmp_path, engine=Broken()), call())
    with pytest.raises(HeadraceError) as caught:
        shield.hide("John Doe")
    assert "John Doe" not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"


@pytest.mark.parametrize(
    ("config", "text", "unprotected"),
    [
        (PrivacyConfig(), "John Doe asks.", ()),
        (PrivacyConfig(), "Grüße an José, 5 μm, 🙂", ()),
        (PrivacyConfig(), "Позвоните Ивану Петрову.", ("PERSON",)),
        (PrivacyConfig(), "山田太郎に電話", ("PERSON",)),
        (PrivacyConfig(names=False), "John Doe asks.", ("PERSON",)),
        (PrivacyConfig(ignore=("PERSON",)), "John Doe asks.", ("PERSON",)),
        (PrivacyConfig(types=("EMAIL_ADDRESS",)), "John Doe asks.", ("PERSON",)),
        (PrivacyConfig(types=("PERSON", "ORGANIZATION")), "John Doe asks.", ("ORGANIZATION",)),
    ],
)
def test_what_cannot_be_protected_is_said_and_refused_in_strict_mode(
    sqlite_ledger: Ledger, tmp_path: Path, config: PrivacyConfig, text: str, unprotected: tuple[str, ...]
) -> None:
    vault = vault_of(sqlite_ledger, tmp_path, engine=Engine(config))
    shield = opened(vault, call())
    shield.hide(text)
    assert tuple(shield.unprotected) == unprotected
    strict = dataclasses.replace(call(), vault="strict")
    if unprotected:
        with pytest.raises(Unprotected):
            opened(vault, strict).hide(text)
    else:
        assert "John" not in opened(vault, strict).hide(text)


def test_a_vault_without_names_says_so_in_its_status(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    vault = vault_of(sqlite_ledger, tmp_path, engine=engine_without_names())
    doors = VaultOperations(
        ledger=sqlite_ledger, vault=lambda: vault, engine=engine_without_names, ttl="30d", actor="tester"
    )
    assert doors.status().unprotected == ("PERSON",)


@pytest.fixture
def closed_ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/closed.sqlite")
    yield ledger
    ledger.close()


def test_an_answer_that_cannot_be_noted_does_not_leave(closed_ledger: Ledger, tmp_path: Path) -> None:
    vault = vault_of(closed_ledger, tmp_path)
    shield = opened(vault, call(None))
    shield.show(shield.hide("John Doe"))
    closed_ledger.write(lambda tx: tx.conn.exec_driver_sql("DROP TABLE vault_audit"))
    with pytest.raises(HeadraceError):
        shield.settle().result()


def test_a_caller_that_stops_waiting_stops_nothing(sqlite_ledger: Ledger, sqlite_vault: Vault) -> None:
    shield = opened(sqlite_vault, call())
    token = shield.hide("John Doe")
    waiting = shield.settle()
    waiting.cancel()
    shield.settle().result()
    assert opened(sqlite_vault, call()).show(token) == "John Doe"


def test_a_closed_ledger_is_said_at_once_and_to_whoever_waits(closed_ledger: Ledger, tmp_path: Path) -> None:
    shield = opened(vault_of(closed_ledger, tmp_path), call(None))
    shield.hide("John Doe")
    closed_ledger.close()
    with pytest.raises(HeadraceError, match="closed"):
        shield.facts()
    with pytest.raises(HeadraceError, match="closed"):
        shield.settle().result(timeout=5)


def test_keys_of_two_workspaces_do_not_mix(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    one, two = (
        Vault(sqlite_ledger, Keyring(tmp_path / name, sqlite_ledger), lambda: ENGINE, ttl_us=1, actor="t")
        for name in "ab"
    )
    assert one.scope("s", None) != two.scope("s", None)
