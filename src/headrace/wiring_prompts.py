"""Prompts of a workspace: what their operations work with, and the prompt and model of `ask`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.prompts.operations import PromptOperations
    from headrace.flows.prompts.requests import ReleasedPrompts
    from headrace.infer.gateway.base import Budget
    from headrace.infer.prompts.base import Prompt
    from headrace.ship.releases import Release
    from headrace.wiring import Wiring


def prompt_operations(wiring: Wiring) -> PromptOperations:
    """The operations, with a book that remembers what it has read."""
    from headrace.flows.prompts.book import PromptBook
    from headrace.flows.prompts.operations import PromptOperations
    from headrace.flows.prompts.parts import PromptParts

    config = wiring.config
    parts = PromptParts(
        ledger=wiring.ledger,
        releases=wiring.releases,
        events=lambda: wiring.events,
        root=config.root,
        models=config.models,
        default_model=config.ask.model,
        answering=config.ask.prompt,
        actor=wiring.actor,
    )
    return PromptOperations(parts=parts, book=PromptBook(parts))


def released_prompts(
    wiring: Wiring, *, budget: Callable[[], Budget], working_tree: bool = True
) -> ReleasedPrompts:
    """Makes calls of prompts as released; without `working_tree` files never count, as for a server."""
    from headrace.flows.prompts.requests import ReleasedPrompts

    operations = wiring._prompts
    return ReleasedPrompts(operations.parts, operations.book, budget=budget, working_tree=working_tree)


def asked_prompt(wiring: Wiring) -> Prompt:
    """The prompt of `ask`: as released where a label or a promotion released it, else its file."""
    name = wiring.config.ask.prompt
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
        decided = release is not None and wiring.releases.is_decided(conn)
        if release is not None and decided and release.prompt is not None:
            return pinned_prompt(conn, release)
    if release is not None and name in release.prompts:
        return wiring._prompts.resolve(name).prompt
    return wiring._prompt


def pinned_prompt(conn: Connection, release: Release) -> Prompt:
    """The prompt that a release answers with. Raises StorageError where its version was never kept."""
    from headrace.errors import StorageError
    from headrace.infer.prompts.store import get_version

    pinned = release.prompt or {"name": "", "digest": ""}
    found = get_version(conn, pinned["name"], pinned["digest"])
    if found is None:
        raise StorageError(
            f"Release {release.digest!r} answers with {pinned['digest']!r}, which is not in the ledger.",
            hint="headrace release create makes one with the prompt as its file is now.",
        )
    return found


def asked_model(wiring: Wiring, prompt: Prompt) -> str:
    """The name of the model that answers, as configured, or as released once that was decided about.

    Raises ConfigError where no configured model is the one that the release pins.
    """
    name = configured_model(wiring, prompt)
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
        if release is None or release.model is None or not wiring.releases.is_decided(conn):
            return name
    return model_named(wiring, release, first=name)


def asked_k(wiring: Wiring) -> int:
    """How many chunks an answer is given, as configured, or as released once that was decided about."""
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
        if release is None or not wiring.releases.is_decided(conn):
            return wiring.config.ask.k
    return int(release.ask.get("k", wiring.config.ask.k))


def model_named(wiring: Wiring, release: Release, *, first: str) -> str:
    """The configured name of the model that a release answers with. Raises ConfigError."""
    from headrace.errors import ConfigError
    from headrace.infer.models.identity import answering_identity

    models = wiring.config.models
    named = release.ask.get("model")
    tried = []
    for name in dict.fromkeys([*([named] if named else []), first, "extractive", *models]):
        try:
            identity = answering_identity(name, models=models)
        except ConfigError:
            continue
        tried.append(f"{name} is {identity}")
        if release.model in (identity, name):
            return str(name)
    raise ConfigError(
        f"Release {release.digest!r} answers with model {release.model!r}, which no [models] table gives: "
        f"{', '.join(tried)}.",
        key="models",
    )


def configured_model(wiring: Wiring, prompt: Prompt) -> str:
    """The prompt's own model, which may be a model id of `[ask] model`."""
    from headrace.errors import ConfigError
    from headrace.infer.models.identity import model_identity

    configured = wiring.config.ask.model
    if prompt.model is None:
        return configured
    try:
        model_identity(prompt.model, models=wiring.config.models)
    except ConfigError:
        return f"{configured.partition(':')[0]}:{prompt.model}"
    return prompt.model
