"""Skew is said of what was never released together, and of nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from headrace.infer.prompts.file import load_prompt
from headrace.infer.schemas.base import Schema
from headrace.ship.releases import Release
from headrace.ship.skew import skew
from tests.prompt_files import prompt_workspace


def test_each_part_that_differs_is_named(tmp_path: Path) -> None:
    prompt_workspace(tmp_path)
    prompt = load_prompt(tmp_path / "prompts", "triage")
    release = Release(
        digest="release_x",
        corpora={},
        model=None,
        prompt=None,
        prompts={"triage": prompt.digest},
        models={"small": "small:small-7b", "large": "large:large-70b@3"},
    )
    other = Schema(name="ticket", version=3, digest="schema_other", json_schema={})
    assert skew(release, prompt, prompt.schema, "small") == ()
    assert skew(release, prompt, prompt.schema, "large", identity="large:large-70b@3") == ()
    assert skew(release, None, other, "anything") == ()
    assert skew(None, prompt, prompt.schema, "small") == ("prompt 'triage' is in no release",)
    elsewhere = dataclasses.replace(prompt, name="sort")
    assert skew(release, elsewhere, prompt.schema, "small") == ("prompt 'sort' is in no release",)
    edited = dataclasses.replace(prompt, digest="prompt_other")
    assert skew(release, edited, other, "huge") == (
        f"prompt 'triage' is prompt_other; released was {prompt.digest}",
        "the output is held against schema 'ticket' version 3; released was schema 'ticket' version 2",
        "model 'huge' was never released with prompt 'triage'",
    )
    assert skew(release, prompt, None, "large", identity="large:large-71b") == (
        "the output is held against no schema; released was schema 'ticket' version 2",
        "model 'large' is large:large-71b; released was large:large-70b@3",
    )
