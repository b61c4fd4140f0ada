"""Moves labels. That of an environment decides what serves: a release is minted and the pointer moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.errors import NotFoundError, UsageError
from headrace.flows.prompts.checking import problems_of
from headrace.flows.prompts.versions import check_label, find, label_ref, released, working_tree
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.file import load_prompt
from headrace.infer.prompts.store import get_version, known_schemas, put_version
from headrace.infer.schemas.store import require_unchanged
from headrace.ledger import refs
from headrace.ledger.failpoints import declare, fire
from headrace.records.prompts import FirstRelease, LabelReport, PromptProblem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.prompts.parts import PromptParts
    from headrace.ledger.ledger import Write

_BEFORE = declare("prompt.before_move")
_STORED = declare("prompt.in_move")
_RELEASED = declare("prompt.in_release")
_AFTER = declare("prompt.after_move")


FROM_FILE = "from its file: nobody has labelled it"
"""Why a prompt was released by being called. Until it is labelled by hand, it follows its file."""


class _Moved(NamedTuple):
    former: str | None
    release: str | None
    pinned: bool = False


def label(
    parts: PromptParts, name: str, label: str, version: str | None = None, *, reason: str = ""
) -> LabelReport:
    """Point a label to a version, by default the one in the file.

    Raises NotFoundError, ConfigError for a file that is wrong or a model that is not configured, UsageError.
    """
    check_label(label)
    with parts.ledger.read() as conn:
        prompt = find(parts, conn, name, version).prompt
    return _move_one(parts, prompt, label, reason=reason or f"labelled {label}")


def rollback(
    parts: PromptParts,
    name: str,
    label: str | None = None,
    *,
    to: str | None = None,
    reason: str = "",
) -> LabelReport:
    """Point a label to the version before, or to an earlier one.

    A move to a version that the label had before counts as a step back, so that two rollbacks go back twice.
    Raises NotFoundError, UsageError when there is none before.
    """
    label = check_label(label or parts.releases.environment)
    with parts.ledger.read() as conn:
        steps = [row.artifact for row in refs.history(conn, label_ref(name, label))]
        if not steps:
            raise NotFoundError("label", f"{name}@{label}", hint=f"`headrace prompt log {name}` shows all.")
        digest = find(parts, conn, name, to).prompt.digest if to is not None else _before(name, label, steps)
        prompt = get_version(conn, name, digest)
    if prompt is None or digest not in steps:
        raise UsageError(
            f"Label {label!r} of prompt {name!r} never pointed to {to!r}.",
            hint=f"`headrace prompt log {name}` shows where it did.",
        )
    why = f"rollback: {reason}" if reason else "rollback"
    return _move_one(parts, prompt, label, reason=why, expect=steps[-1])


def release_unreleased(parts: PromptParts, names: Sequence[str] | None = None) -> FirstRelease:
    """Release prompts of the working tree that nobody has labelled, as their files are; others stay.

    With `names` these alone, and what is wrong with them is raised; without, all files, and what is wrong is
    reported. The prompt of `ask` is left to `ask`.
    """
    environment = parts.releases.environment
    with parts.ledger.read() as conn:
        chosen, problems = _unreleased(parts, conn, names)
    if not chosen:
        return FirstRelease(released={}, release=None, problems=problems)
    models = _models(parts, chosen)

    def work(tx: Write) -> tuple[list[Prompt], str | None]:
        still = [prompt for prompt in chosen if _is_due(parts, tx.conn, prompt)]
        if not still:
            return [], None
        return still, _move(parts, tx, still, environment, models=models, reason=FROM_FILE).release

    fire(_BEFORE)
    done, release = parts.ledger.write(work)
    fire(_AFTER)
    return FirstRelease(
        released={prompt.name: prompt.digest for prompt in done}, release=release, problems=problems
    )


def _unreleased(
    parts: PromptParts, conn: Connection, names: Sequence[str] | None
) -> tuple[list[Prompt], list[PromptProblem]]:
    if names is not None:
        found = (_to_release(parts, conn, name) for name in names)
        return [prompt for prompt in found if prompt is not None and _is_due(parts, conn, prompt)], []
    chosen, problems = [], []
    for name, read in working_tree(parts).items():
        if name == parts.answering or not _follows_file(parts, conn, name):
            continue
        first = None if released(parts, conn, name) is not None else _first(parts, conn, name)
        prompt = first or read.prompt
        found_wrong = [] if first is not None else problems_of(parts, name, read)
        problems += found_wrong
        if prompt is not None and not found_wrong and _is_due(parts, conn, prompt):
            chosen.append(prompt)
    return chosen, problems


def _to_release(parts: PromptParts, conn: Connection, name: str) -> Prompt | None:
    """What is to serve of a prompt that follows its file; None for one that serves and has no file."""
    serves = released(parts, conn, name) is not None
    if serves and (not _follows_file(parts, conn, name) or not (parts.folder / f"{name}.md").is_file()):
        return None
    return (None if serves else _first(parts, conn, name)) or load_prompt(parts.folder, name)


def _follows_file(parts: PromptParts, conn: Connection, name: str) -> bool:
    """Whether nobody has labelled a prompt by hand, so that what is called is what its file says."""
    if released(parts, conn, name) is None:
        return True
    return all(
        step.reason == FROM_FILE for step in refs.history(conn, label_ref(name, parts.releases.environment))
    )


def _is_due(parts: PromptParts, conn: Connection, prompt: Prompt) -> bool:
    serving = released(parts, conn, prompt.name)
    return serving is None or (serving != prompt.digest and _follows_file(parts, conn, prompt.name))


def _first(parts: PromptParts, conn: Connection, name: str) -> Prompt | None:
    """The version that bears the environment's label, though the environment has no release of it yet."""
    row = refs.read(conn, label_ref(name, parts.releases.environment))
    return None if row is None else get_version(conn, name, row.artifact)


def _move_one(
    parts: PromptParts,
    prompt: Prompt,
    label: str,
    *,
    reason: str,
    expect: str | refs.AnyTarget | None = refs.ANY,
) -> LabelReport:
    with parts.ledger.read() as conn:
        models = _models(parts, [prompt]) if _serves(parts, conn, label) else {}
    fire(_BEFORE)
    done = parts.ledger.write(
        lambda tx: _move(parts, tx, [prompt], label, models=models, reason=reason, expect=expect)
    )
    fire(_AFTER)
    return LabelReport(
        name=prompt.name,
        label=label,
        digest=prompt.digest,
        former=done.former,
        moved=done.former != prompt.digest,
        pinned=done.pinned,
        release=done.release,
    )


def _move(
    parts: PromptParts,
    tx: Write,
    prompts: Sequence[Prompt],
    label: str,
    *,
    models: dict[str, str],
    reason: str,
    expect: str | refs.AnyTarget | None = refs.ANY,
) -> _Moved:
    """Store versions, point the label to them and, if it decides what serves, release them: one commit."""
    former, anew = None, False
    for prompt in prompts:
        name = label_ref(prompt.name, label)
        before = refs.read(tx.conn, name)
        former = None if before is None else before.artifact
        if prompt.schema is not None and former != prompt.digest:
            require_unchanged(tx.conn, prompt.schema)
        put_version(tx, prompt)
        # What was released by being called and is labelled now has been decided about.
        anew = before is not None and before.reason == FROM_FILE != reason
        refs.move(tx, name, prompt.digest, expect=expect, actor=parts.actor, reason=reason, anew=anew)
    fire(_STORED)
    release = None
    if _serves(parts, tx.conn, label):
        release = parts.releases.of(label).serve_prompts(
            tx,
            {prompt.name: prompt.digest for prompt in prompts},
            schemas=known_schemas(prompts),
            models=models,
            reason=f"prompts: {reason}",
        )
        fire(_RELEASED)
    return _Moved(former, release, pinned=anew)


def _serves(parts: PromptParts, conn: Connection, label: str) -> bool:
    """Whether a label decides what an environment serves: this one, or another that has a pointer."""
    releases = parts.releases
    return label == releases.environment or refs.read(conn, releases.of(label).ref) is not None


def _models(parts: PromptParts, prompts: Sequence[Prompt]) -> dict[str, str]:
    return {name: identity for prompt in prompts for name, identity in parts.models_of(prompt).items()}


def _before(name: str, label: str, steps: Sequence[str]) -> str:
    line = refs.way_back(steps)
    if len(line) < 2:
        raise UsageError(
            f"Label {label!r} of prompt {name!r} has no version before {line[-1]}.",
            hint=f"Choose one with --to DIGEST; `headrace prompt log {name}` shows them.",
        )
    return line[-2]
