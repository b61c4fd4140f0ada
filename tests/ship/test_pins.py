"""A model id is pinned where it says which model it is, and the reason is given."""

from __future__ import annotations

import pytest

from headrace.ship.pins import pin_of


@pytest.mark.parametrize(
    ("model", "pinned"),
    [
        ("gpt-4o-2024-08-06", True),
        ("claude-3-5-sonnet-20240620", True),
        ("gpt-4-0613", True),
        ("gemini-1.5-pro-002", True),
        ("acme/small@sha256:0123456789abcdef0123", True),
        ("gpt-4o", False),
        ("claude-sonnet-latest", False),
        ("llama-3.1-8b", False),
        ("small-7b", False),
        ("qwen-2024b", False),
    ],
)
def test_a_floating_name_is_told_from_a_pinned_one(model: str, pinned: bool) -> None:
    assert pin_of(model=model, revision="", built_in=False, answered=None).pinned is pinned


def test_how_it_is_known_is_said() -> None:
    declared = pin_of(model="small", revision="3", built_in=False, answered="other")
    assert (declared.pinned, "'3' is declared" in declared.how) == (True, True)
    assert pin_of(model="extractive", revision="", built_in=True, answered=None).pinned
    alias = pin_of(model="gpt-4-0613", revision="", built_in=False, answered="gpt-5.2")
    assert (alias.pinned, alias.how) == (False, "an alias: 'gpt-5.2' answered last")
    assert pin_of(model="gpt-4-0613", revision="", built_in=False, answered="gpt-4-0613").pinned
