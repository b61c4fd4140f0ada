"""Whether a self-served model has the chat template that a prompt pins, looked at now and then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headrace.errors import TerminalError
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.chat_template import require_same
from headrace.infer.providers.named import provider_config
from headrace.infer.providers.props import read_props

if TYPE_CHECKING:
    from headrace.flows.prompts.parts import PromptParts

_HOLDS_SECONDS = 300.0
_SILENT_SECONDS = 30.0
_PATIENCE_SECONDS = 3.0


class ServedTemplates:
    """Asks an upstream at the first call of a version that pins something, and every five minutes."""

    def __init__(self, parts: PromptParts) -> None:
        self._parts = parts
        self._until: dict[tuple[str, str], float] = {}

    def require(self, prompt: Prompt, model: str) -> None:
        """Refuse a call whose model is served with another template. Raises TemplateMismatch.

        A server that does not say what it serves passes; `headrace prompt check --upstream` names it.
        """
        if prompt.chat_template is None and prompt.tokenizer is None:
            return
        config = provider_config(model, models=self._parts.models)
        key = (model, prompt.digest)
        if config is None or self._until.get(key, 0.0) > time.monotonic():
            return
        try:
            reported = read_props(config, seconds=_PATIENCE_SECONDS)
        except TerminalError:
            self._until[key] = time.monotonic() + _SILENT_SECONDS
            return
        require_same(self._parts.folder, prompt, reported)
        self._until[key] = time.monotonic() + _HOLDS_SECONDS
