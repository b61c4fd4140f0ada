"""Prompts of a workspace: what their operations work with, and the prompt and model of `ask`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.prompts.operations import PromptOperations
    from headrace.flows.prompts.requests import ReleasedPrompts
    from headrace.infer.gateway.base import Budget
    from headrace.infer.prompts.base import Prompt
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
    """The prompt of `ask`: as released where a label released it, else its file."""
    name = wiring.config.ask.prompt
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
    if release is not None and name in release.prompts:
        return wiring._prompts.resolve(name).prompt
    return wiring._prompt


def asked_model(wiring: Wiring, prompt: Prompt) -> str:
    """The name of the model that answers: the prompt's own, which may be a model id of `[ask] model`."""
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
