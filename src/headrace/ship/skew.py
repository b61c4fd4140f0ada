"""Skew: a call whose prompt, schema and model were never released together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.infer.prompts.base import Prompt
    from headrace.infer.schemas.base import Schema
    from headrace.ship.releases import Release


def skew(
    release: Release | None,
    prompt: Prompt | None,
    schema: Schema | None,
    model: str,
    *,
    identity: str | None = None,
) -> tuple[str, ...]:
    """What of a call differs from a release, in words; nothing where they agree.

    `schema` is what the output is held against, `model` its name as configured, `identity` what that name
    means now. A call without a prompt has nothing to agree with.
    """
    if prompt is None:
        return ()
    released = None if release is None else release.prompts.get(prompt.name)
    if release is None or released is None:
        return (f"prompt {prompt.name!r} is in no release",)
    reasons = []
    if released != prompt.digest:
        reasons.append(f"prompt {prompt.name!r} is {prompt.digest}; released was {released}")
    reasons += _schema_skew(prompt.schema, schema)
    if model not in release.models:
        reasons.append(f"model {model!r} was never released with prompt {prompt.name!r}")
    elif identity is not None and identity != release.models[model]:
        reasons.append(f"model {model!r} is {identity}; released was {release.models[model]}")
    return tuple(reasons)


def _schema_skew(pinned: Schema | None, schema: Schema | None) -> list[str]:
    """The version of a prompt pins its schema, so what was released with it is known."""
    if (pinned and pinned.digest) == (schema and schema.digest):
        return []
    shown = [
        "no schema" if item is None else f"schema {item.name!r} version {item.version}"
        for item in (schema, pinned)
    ]
    return [f"the output is held against {shown[0]}; released was {shown[1]}"]
