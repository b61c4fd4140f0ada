"""docs/curation.md: its tables name the rules, facts and causes there are, and its commands exist."""

from __future__ import annotations

import re
import typing

from headrace.cli.groups import flat
from headrace.curate.coverage.clustering import FACTORS, SLACK
from headrace.curate.coverage.matching import SAME
from headrace.curate.curation.conditions import FACTS
from headrace.curate.curation.duplicates import NEAR
from headrace.curate.curation.rules import DEFAULT_RULES
from headrace.records.curation import Cause
from tests.docs.pages import DOCS, code, read, section, tables

PAGE = DOCS / "curation.md"


def test_the_built_in_rules_are_those_of_the_page() -> None:
    rules, _ = tables(section(PAGE, "Rules"))
    shown = [(code(name), [code(part) for part in when.split(", ")], to) for name, when, to in rules]
    assert shown == [(rule.name, list(rule.when), rule.to) for rule in DEFAULT_RULES]


def test_every_fact_and_cause_is_named() -> None:
    _, facts = tables(section(PAGE, "Rules"))
    assert [code(name) for name, _ in facts] == list(FACTS)
    (causes,) = tables(section(PAGE, "What recurs"))
    assert {name for name, _ in causes} == set(typing.get_args(Cause)) - {"unknown"}


def test_every_command_of_the_page_exists() -> None:
    known = {verb for noun, verb in flat() if noun == "curate"}
    named = set(re.findall(r"headrace curate (\w+)", read(PAGE)))
    assert named <= known
    for verb in known - {"show", "list"}:
        assert f"`{verb}`" in read(PAGE) or f"curate {verb}" in read(PAGE), verb


def test_the_figures_are_those_of_the_program() -> None:
    text = section(PAGE, "Topics")
    assert f"within {SLACK} of the best" in text
    assert f"cosine of at least {SAME}" in text
    assert " and ".join([", ".join(f"{factor:g}" for factor in FACTORS[:-1]), f"{FACTORS[-1]:g}"]) in text
    assert f"{NEAR:.0%}".replace("%", " %") in section(PAGE, "A run")
