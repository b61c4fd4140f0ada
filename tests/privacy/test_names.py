"""Names that no list of the workspace has: what introduces them, what they are mistaken for."""

from __future__ import annotations

import pytest

from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine

FOUND = [
    ("My name is {} and I live here.", "Anna Schmidt"),
    ("Ask {} about it.", "John O'Brien-Smith"),
    ("{} wrote it.", "J. R. Tolkien"),
    ("We met {}. Next week we leave.", "Mohammed bin Salman"),
    ("Contact: {}", "María José Carreño Quiñones"),
    ("Dr. {} is in.", "Müller"),
    ("the patient Mrs {}'s file", "Xyzzkowska"),
    ("Hi {}, thanks!", "Jennifer"),
    ("Yesterday {} said no.", "Priya"),
    ("{} will join us tomorrow.", "Štěpán Beneš"),
    ("I saw {} there.", "April Jones"),
    ("signed by {}", "ANNA SCHMIDT"),
    ("said {}.", "Jean-Luc Picard"),
    ("zo\u200be \u202eis {}", "Émilie Henry"),
]

NOT_FOUND = [
    "The Machine Learning group met in Central Park on Monday.",
    "John Smith Street is closed. The Anna Schmidt Foundation gave money.",
    "Mark the box. Will you come? May I? Grace period, Rose Garden.",
    "Paris and Florence are nice in April; so is Jordan.",
    "Search Results for Data Science at Stanford University, New York, United States",
    "# Retention Policy\n\n## Open Questions\n\nRate Limits are per Workspace.",
    "iPhone, JavaScript and eBay; NaN, JSON, A URL; Visual Basic and Java.",
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The defaults."""
    return Engine()


@pytest.mark.parametrize(("sentence", "name"), FOUND)
def test_a_name_is_found(engine: Engine, sentence: str, name: str) -> None:
    text = sentence.format(name)
    found = [text[finding.start : finding.end] for finding in engine.scan(text)]
    assert found == [name]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_is_no_person_is_left_alone(engine: Engine, text: str) -> None:
    assert [text[finding.start : finding.end] for finding in engine.scan(text)] == []


def test_every_name_in_a_run_of_sentences(engine: Engine) -> None:
    text = "I met Anna Schmidt. John Miller came too. Then Dr. Patel and Maria Rossi left."
    found = [text[finding.start : finding.end] for finding in engine.scan(text)]
    assert found == ["Anna Schmidt", "John Miller", "Patel", "Maria Rossi"]


def test_it_can_be_switched_off() -> None:
    engine = Engine(PrivacyConfig(names=False))
    assert engine.scan("My name is Anna Schmidt.") == []
    assert "PERSON" in engine.unprotected
