"""What headrace.toml would say if it asked for the generation that was chosen by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_STEPS = "steps"


def agreeing_lines(corpus: str, wanted: Mapping[str, Any], configured: Mapping[str, Any]) -> tuple[str, ...]:
    """Lines to put into the recipe of a corpus; empty where they stand there already."""
    differing = {key: value for key, value in wanted.items() if configured.get(key) != value}
    if configured.get(_STEPS) and _STEPS not in wanted:
        differing[_STEPS] = []
    if not differing:
        return ()
    # Steps are files as well as keys: too much for a line.
    steps = (f"# and the steps it was built with: [[corpus.{corpus}.steps]], prompts and schemas",)
    keys = (
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in sorted(differing.items())
        if key != _STEPS
    )
    return (f"[corpus.{corpus}.recipe]", *keys, *(steps if _STEPS in differing else ()))
