"""What users allow is the last thing they decided."""

from __future__ import annotations

from functools import partial

from headrace.ledger import consents
from headrace.ledger.ledger import Ledger


def test_without_a_decision_eval_is_allowed_and_training_is_not(ledger: Ledger) -> None:
    with ledger.read() as conn:
        assert consents.allowed(conn, ["a", "b"], "eval") == {"a", "b"}
        assert consents.allowed(conn, ["a", "b"], "training") == set()


def test_the_last_decision_holds_and_every_one_is_kept(ledger: Ledger) -> None:
    given: tuple[dict[consents.Purpose, bool], ...] = (
        {"training": True, "eval": False},
        {"training": False},
        {"training": False},
    )
    for decisions in given:
        ledger.write(partial(consents.decide, subject="a", decisions=decisions, actor="t"))
    with ledger.read() as conn:
        assert consents.allowed(conn, ["a", "b"], "eval") == {"b"}
        assert consents.allowed(conn, ["a"], "training") == set()
        assert [(d.purpose, d.allowed) for d in consents.history(conn, "a")] == [
            ("training", False),
            ("eval", False),
            ("training", True),
        ]
