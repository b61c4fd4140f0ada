"""What headrace.toml would say if it asked for the generation that was chosen by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def agreeing_lines(corpus: str, wanted: Mapping[str, Any], configured: Mapping[str, Any]) -> tuple[str, ...]:
    """Lines to put into the recipe of a corpus; empty where they stand there already."""
    differing = {key: value for key, value in wanted.items() if configured.get(key) != value}
    if not differing:
        return ()
    keys = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in sorted(differing.items()))
    return (f"[corpus.{corpus}.recipe]", *keys)
