"""The workspace's own lists of names."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.privacy.build import open_engine
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.lists import listed_names, read_names
from headrace.privacy.redact import outside_marks, redact


def _found(engine: Engine, text: str) -> list[tuple[str, str]]:
    return [(finding.type, text[finding.start : finding.end]) for finding in engine.scan(text)]


def test_users_and_customers_are_found_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text("\ufeff# staff\nAda Lovelace\nAda\n\nZoë Ærø\n", encoding="utf-8")
    (tmp_path / "customers.txt").write_text("Tyrell  Corp\n", encoding="utf-8")
    config = PrivacyConfig(people=("users.txt",), organizations=("customers.txt",), names=False)
    engine = open_engine(config, root=tmp_path)
    text = "ADA\nLOVELACE and ada of tyrell corp, not Adam or Canada; İ zoë ærø"
    assert _found(engine, text) == [
        ("PERSON", "ADA\nLOVELACE"),
        ("PERSON", "ada"),
        ("ORGANIZATION", "tyrell corp"),
        ("PERSON", "zoë ærø"),
    ]
    assert engine.unprotected == []


def test_a_longer_name_that_does_not_end_there_hides_no_shorter_one() -> None:
    engine = Engine(PrivacyConfig(names=False), searches=[listed_names("PERSON", ["Ann", "Ann Smith"])])
    assert _found(engine, "Ann Smithson") == [("PERSON", "Ann")]


def test_a_name_that_is_a_mark_does_not_redact_for_ever() -> None:
    engine = Engine(PrivacyConfig(names=False), searches=[listed_names("PERSON", ["person", "xi"])])
    assert redact(engine, "person xi") == "[PERSON] [PERSON]"
    assert outside_marks("[PERSON]", engine.scan("[PERSON]")) == []


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="one name a line|cannot be read"):
        read_names(tmp_path / "users.txt")
