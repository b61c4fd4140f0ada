"""Conditions and rules: what they say of a trace, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.config.load import load_config
from headrace.curate.curation.conditions import FACTS, parse
from headrace.curate.curation.rules import DEFAULT_RULES, RuleSpec, matching
from headrace.errors import ConfigError

VALUES: dict[str, Any] = {
    "p_bad": 0.7,
    "seconds": 2.0,
    "confidence": None,
    "failed": False,
    "uncited": True,
    "kind": "ask",
    "signal": frozenset({"thumbs", "thumbs_down"}),
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("p_bad >= 0.5", True),
        ("p_bad>=0.71", False),
        ("not p_bad >= 0.71", True),
        ("seconds < 2", False),
        ("seconds <= 2", True),
        ("uncited", True),
        ("not failed", True),
        ("failed", False),
        ("signal = thumbs_down", True),
        ("signal != thumbs_down", False),
        ("signal = retry", False),
        ("kind = 'ask'", True),
        ("kind != call", True),
        ("confidence < 0.5", False),
        ("not confidence < 0.5", False),
    ],
)
def test_a_condition_holds_or_not_and_never_for_what_is_unknown(condition: str, holds: bool) -> None:
    assert parse(condition).holds(VALUES) is holds


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("", "is no condition"),
        ("p_bad >=", "is no condition"),
        ("weather = good", "no fact"),
        ("failed = true", "true or false"),
        ("p_bad", "with what"),
        ("p_bad >= much", "no number"),
        ("kind > ask", "a text"),
    ],
)
def test_a_condition_that_cannot_be_says_what_can(condition: str, problem: str) -> None:
    with pytest.raises(ConfigError, match="Allowed:") as caught:
        parse(condition)
    assert problem in caught.value.message


def test_every_condition_of_a_rule_must_hold() -> None:
    both = RuleSpec(name="both", when=("p_bad >= 0.5", "uncited"), to="case")
    one = RuleSpec(name="one", when=("p_bad >= 0.5", "failed"), to="case")
    assert matching([both, one], VALUES) == [both]


def test_built_in_rules_speak_of_facts_there_are() -> None:
    for rule in DEFAULT_RULES:
        assert all(condition.fact in FACTS for condition in rule.conditions)
    assert len({rule.name for rule in DEFAULT_RULES}) == len(DEFAULT_RULES)


RULE = '[[curate.rules]]\nname = "slow"\nwhen = ["seconds >= 5"]\nto = "case"\n'


def test_a_rule_of_the_file_takes_the_place_of_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text(RULE + 'into = "speed"\n')
    (rule,) = load_config(tmp_path).curate.in_force
    assert (rule.name, rule.destination, rule.review) == ("slow", "speed", True)
    (tmp_path / "headrace.toml").write_text("")
    assert load_config(tmp_path).curate.in_force == tuple(DEFAULT_RULES)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (RULE.replace("seconds", "secnds"), "no fact"),
        (RULE.replace('"case"', '"cases"'), "not a choice"),
        (RULE.replace('["seconds >= 5"]', "[]"), "needs a condition"),
        (RULE + RULE, "twice"),
        (RULE.replace("slow", "sample"), "cannot be used"),
        (RULE + 'into = "a/b"\n', "no name"),
        ('[curate]\nwindow = "soon"\n', "length of time"),
        ('[curate]\nperiod = "3s"\n', "too short"),
        ("[curate]\nsamples = 3\n", "not a known key"),
        ("[curate.coverage]\nneeded = 0\n", "out of range"),
        ("curate = 3\n", "must be a table"),
        ("[curate]\nrules = 3\n", "[[curate.rules]]"),
        ("[curate]\nrules = [3]\n", "must be a table"),
    ],
)
def test_a_wrong_table_names_its_place(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "headrace.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert problem in caught.value.message
    assert "headrace.toml" in caught.value.message
