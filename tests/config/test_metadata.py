"""`[corpus.NAME.metadata.FIELD]`: what it may say, and what is answered to what it may not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from headrace.config.load import load_config
from headrace.errors import ConfigError
from headrace.records.metadata import MetadataField, MetadataSchema

FULL = """\
[corpus.docs]
sources = ["docs"]

[corpus.docs.metadata.year]
type = "integer"
since = 2026-03-01
description = "Year of the first edition."

[corpus.docs.metadata.team]
type = "string"
default = "unknown"
filterable = false

[corpus.docs.metadata]
review = { type = "date", default = 2026-01-01 }
tags = { type = "list", default = "a, b" }
"""


def _fields(folder: Path, text: str) -> tuple[MetadataField, ...]:
    (folder / "headrace.toml").write_text(text, encoding="utf-8")
    return load_config(folder, environment={}).corpora["docs"].metadata


def test_fields_are_read_with_their_types(tmp_path: Path) -> None:
    # A table may not be opened twice in TOML, so the inline form stands in a file of its own.
    tables, _, inline = FULL.partition("[corpus.docs.metadata]\n")
    assert _fields(tmp_path, tables) == (
        MetadataField(name="team", type="string", default="unknown", filterable=False),
        MetadataField(
            name="year", type="integer", since=date(2026, 3, 1), description="Year of the first edition."
        ),
    )
    head = '[corpus.docs]\nsources = ["docs"]\n[corpus.docs.metadata]\n'
    assert _fields(tmp_path, head + inline) == (
        MetadataField(name="review", type="date", default="2026-01-01"),
        MetadataField(name="tags", type="list", default=["a", "b"]),
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            '[corpus.docs.metadata.year]\ntype = "int"',
            "is 'int', which is not a choice. Allowed: string, int",
        ),
        ("[corpus.docs.metadata.year]\nfilterable = true", "needs the key `type`"),
        ('[corpus.docs.metadata.year]\ntype = "integer"\ndefalt = 1', "is not a known key"),
        ('[corpus.docs.metadata.year]\ntype = "integer"\ndefault = "x"', "does not fit the declared type"),
        ('[corpus.docs.metadata.year]\ntype = "integer"\nsince = 2026', "must be a date, not a whole number"),
        ('[corpus.docs.metadata.year]\ntype = "integer"\nsince = "soon"', "which is not a date"),
        ('[corpus.docs.metadata.page]\ntype = "integer"', "filters use 'page' for something else"),
        ('[corpus.docs.metadata.not]\ntype = "integer"', "filters use 'not' for something else"),
        ('[corpus.docs.metadata."a b"]\ntype = "integer"', "has a name that filters could not use"),
        ('[corpus.docs.metadata]\nyear = "integer"', "must be a table"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _fields(tmp_path, f'[corpus.docs]\nsources = ["docs"]\n{table}\n')
    assert said in caught.value.message
    assert "headrace.toml:" in caught.value.message


def test_a_schema_survives_being_recorded() -> None:
    schema = MetadataSchema(
        fields=(
            MetadataField(name="tags", type="list", default=["a"]),
            MetadataField(name="year", type="integer", since=date(2026, 3, 1), filterable=False),
        ),
        dropped=("old",),
    )
    assert MetadataSchema.of(schema.body()) == schema
    values = MetadataSchema.of(schema.values_body())
    assert (values.values_body(), bool(values), bool(MetadataSchema())) == (schema.values_body(), True, False)
