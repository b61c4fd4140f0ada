"""What can be quoted whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace.infer.models.units import LONGEST_TABLE_CHARACTERS, split_units

PASSAGE = """\
# Retention

Traces are kept for 30 days, e.g. those of a chat. Then they go. See fig. 3 for
the whole path! Is that long?

## Exceptions

These stay longer:

- invoices, for
  ten years
- contracts
1. first step
2. second step

| Kind | Days |
|---|---|
| trace | 30 |

```sh
headrace sync. Now
```
"""


def test_a_passage_falls_into_its_parts() -> None:
    assert [(unit.kind, unit.text) for unit in split_units(PASSAGE)] == [
        ("sentence", "Traces are kept for 30 days, e.g. those of a chat."),
        ("sentence", "Then they go."),
        ("sentence", "See fig. 3 for\nthe whole path!"),
        ("sentence", "Is that long?"),
        ("sentence", "These stay longer:"),
        ("item", "- invoices, for\n  ten years"),
        ("item", "- contracts"),
        ("item", "1. first step"),
        ("item", "2. second step"),
        ("table", "| Kind | Days |\n|---|---|\n| trace | 30 |"),
        ("code", "```sh\nheadrace sync. Now\n```"),
    ]


def test_a_unit_knows_what_it_stands_under() -> None:
    by_text = {unit.text: unit.context for unit in split_units(PASSAGE)}
    assert by_text["Then they go."] == "Retention"
    assert by_text["- contracts"] == "Exceptions These stay longer:"


def test_a_long_table_is_quoted_by_its_rows() -> None:
    rows = [f"| service {number} | {number} ms |" for number in range(80)]
    table = "\n".join(["| Service | Limit |", "|---|---|", *rows])
    assert len(table) > LONGEST_TABLE_CHARACTERS
    units = split_units(table)
    assert [unit.kind for unit in units] == ["row"] * 80
    assert units[-1].text == rows[-1]
    assert units[-1].context == "| Service | Limit |"


@given(st.text(alphabet=st.sampled_from(list("ab. \n#|-`1!?\"'")), max_size=200) | st.text(max_size=200))
def test_units_are_verbatim_and_in_order(text: str) -> None:
    end = 0
    for unit in split_units(text):
        assert unit.text
        assert text[unit.start : unit.start + len(unit.text)] == unit.text
        assert unit.start >= end
        end = unit.start + len(unit.text)
