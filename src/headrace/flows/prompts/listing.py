"""`prompt list`, `prompt show` and `prompt log`: what prompts there are, as they are and as they were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headrace.flows.prompts.versions import (
    Read,
    find,
    history,
    label_ref,
    labels,
    working_tree,
)
from headrace.infer.prompts.file import examine
from headrace.ledger import refs
from headrace.records.prompts import (
    CallShare,
    LabelStep,
    PromptDetail,
    PromptList,
    PromptLog,
    PromptState,
    PromptSummary,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.prompts.parts import PromptParts
    from headrace.infer.prompts.base import FewShot, Pinned
    from headrace.infer.schemas.base import Schema

_CALLS = ("call", "chat")
"""Kinds of spans that are a model's work; those around them are not counted again."""
_DAY_NS = 86_400 * 1_000_000_000


def list_prompts(parts: PromptParts, *, days: int) -> PromptList:
    """Every prompt with a file or a label, and the share of calls that match no release."""
    tree = working_tree(parts)
    with parts.ledger.read() as conn:
        stored = {name.split("/")[1] for name in refs.names(conn) if name.startswith("prompt/")}
        if parts.answering not in tree:
            tree[parts.answering] = Read(*examine(parts.folder, parts.answering))
        prompts = [_summary(parts, conn, name, tree.get(name)) for name in sorted({*tree, *stored})]
        calls = _share(parts, conn, days)
    return PromptList(environment=parts.releases.environment, prompts=prompts, calls=calls)


def show_prompt(parts: PromptParts, name: str, version: str | None) -> PromptDetail:
    """One version with everything that shapes its calls. Raises NotFoundError, ConfigError."""
    with parts.ledger.read() as conn:
        word, prompt = find(parts, conn, name, version)
        pointing = [label for label, digest in labels(conn, name).items() if digest == prompt.digest]
    return PromptDetail(
        name=name,
        digest=prompt.digest,
        version=word,
        labels=pointing,
        description=prompt.description,
        model=prompt.model,
        fallbacks=prompt.fallbacks,
        schema=_schema(prompt.schema),
        variables={variable: prompt.type_of(variable) for variable in prompt.variables},
        parameters=prompt.parameters,
        tools=prompt.tools,
        features=[feature.name for feature in prompt.features],
        few_shot=_few_shot(prompt.few_shot),
        vault=prompt.vault,
        chat_template=_pinned(prompt.chat_template),
        tokenizer=_pinned(prompt.tokenizer),
        includes=prompt.includes,
        body=prompt.body,
    )


def log(parts: PromptParts, name: str) -> PromptLog:
    """Every move of every label, newest first. Raises NotFoundError for a prompt that is not there at all."""
    with parts.ledger.read() as conn:
        rows = history(conn, name)
        if not rows:
            find(parts, conn, name)
    last = {row.name: row.seq for row in rows}
    start = len(label_ref(name, ""))
    steps = [
        LabelStep(
            label=row.name[start:],
            digest=row.artifact,
            at_us=row.valid_from_us,
            actor=row.actor,
            reason=row.reason,
            current=last[row.name] == row.seq,
        )
        for row in reversed(rows)
    ]
    return PromptLog(name=name, steps=steps)


def _summary(parts: PromptParts, conn: Connection, name: str, read: Read | None) -> PromptSummary:
    release = parts.releases.current(conn)
    prompts = {} if release is None else dict(release.prompts)
    if release is not None and release.prompt is not None:
        prompts.setdefault(release.prompt["name"], release.prompt["digest"])
    prompt = None if read is None else read.prompt
    released = prompts.get(name)
    state: PromptState
    if read is None:
        state = "no file"
    elif prompt is None:
        state = "broken"
    elif released is None:
        state = "unreleased"
    else:
        state = "released" if released == prompt.digest else "differs"
    return PromptSummary(
        name=name,
        description="" if prompt is None else prompt.description,
        digest=None if prompt is None else prompt.digest,
        released=released,
        state=state,
        labels=labels(conn, name),
    )


def _share(parts: PromptParts, conn: Connection, days: int) -> CallShare:
    known: set[str | None] = set()
    for release in parts.releases.history(conn):
        known |= set(release.prompts.values())
        if release.prompt is not None:
            known.add(release.prompt["digest"])
    counts = parts.events().by_prompt(_CALLS, since_ns=time.time_ns() - days * _DAY_NS)
    calls = sum(counts.values())
    unreleased = sum(number for digest, number in counts.items() if digest not in known)
    return CallShare(
        days=days, calls=calls, unreleased=unreleased, share=unreleased / calls if calls else None
    )


def _schema(schema: Schema | None) -> dict[str, object] | None:
    if schema is None:
        return None
    return {"name": schema.name, "version": schema.version, "digest": schema.digest}


def _few_shot(few_shot: FewShot | None) -> dict[str, object] | None:
    if few_shot is None:
        return None
    return {"name": few_shot.name, "digest": few_shot.digest, "rows": len(few_shot.rows)}


def _pinned(pin: Pinned | None) -> dict[str, str] | None:
    return None if pin is None else {"path": pin.path, "digest": pin.digest}
