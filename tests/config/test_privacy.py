"""`[privacy]`: what is accepted and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.config.load import load_config
from headrace.errors import ConfigError
from headrace.privacy.config import PrivacyConfig


def _load(folder: Path, table: str) -> PrivacyConfig:
    (folder / "headrace.toml").write_text(f"[privacy]\n{table}\n", encoding="utf-8")
    return load_config(folder, environment={}).privacy


def test_without_a_table_the_defaults_hold(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == PrivacyConfig()


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text("Ada\n", encoding="utf-8")
    table = (
        'types = ["PERSON"]\nignore = ["US_SSN"]\nthreshold = 0.7\ncountries = ["DE"]\npeople = "users.txt"'
    )
    config = _load(tmp_path, f"{table}\nnames = false\nredact_events = false")
    assert config == PrivacyConfig(
        types=("PERSON",),
        ignore=("US_SSN",),
        threshold=0.7,
        countries=("DE",),
        people=("users.txt",),
        names=False,
        redact_events=False,
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('types = ["EMAIL"]', "`privacy.types[0]` is not a known type. Allowed: PRIVATE_KEY"),
        ('ignore = ["US_SNN"]', "Did you mean 'US_SSN'?"),
        ('countries = ["Germany"]', "two capital letters, such as DE"),
        ("threshold = 2", "Allowed: 0.0 to 1.0."),
        ('people = ["nobody.txt"]', "`privacy.people[0]` names what is not a file of the workspace."),
        ("redact = true", "Allowed: countries, ignore"),
    ],
)
def test_mistakes(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, table)
    assert said in f"{caught.value.message} {caught.value.hint}"
