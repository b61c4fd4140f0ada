"""The texts of every golden set, so that nothing of them gets into training data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.ledger import golden
from headrace.records.golden import GoldenText
from headrace.records.wire import texts_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

_WORDS = 5
"""An expected output of fewer words stands in too many texts to say anything."""


def golden_texts(conn: Connection) -> Iterator[GoldenText]:
    """Inputs and expected outputs of each case in whatever state: old scores rest on retired ones too."""
    rows = golden.all_cases(conn)
    kept = golden.contents(conn, [row.case_id for row in rows])
    for row in rows:
        content = kept[row.case_id]
        for value, least in ((content.inputs, 1), (content.expected, _WORDS)):
            text = "\n".join(texts_in(value))
            if len(text.split()) >= least:
                yield GoldenText(
                    id=f"{row.set_name}/{row.key}", set=row.set_name, text=text, group=row.group_name
                )
