"""`prompt render`: what a call would send, without sending it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.flows.prompts.versions import find
from headrace.infer.embedders.batches import estimate_tokens
from headrace.infer.prompts.chat_template import apply_template, count_tokens, read_template
from headrace.infer.prompts.render import render
from headrace.infer.prompts.variables import read_written
from headrace.ledger.identity import digest
from headrace.records.prompts import RenderReport

if TYPE_CHECKING:
    from headrace.flows.prompts.parts import PromptParts

_TOKENS_A_MESSAGE = 4
"""What a chat template adds around each."""


def render_prompt(
    parts: PromptParts,
    name: str,
    variables: Mapping[str, Any],
    *,
    version: str | None,
    template: bool,
) -> RenderReport:
    """Render a version, by default the file.

    Raises NotFoundError, ConfigError, and UsageError for variables that do not fit.
    """
    with parts.ledger.read() as conn:
        word, prompt = find(parts, conn, name, version)
    messages = render(prompt, read_written(prompt, variables))
    text = None
    if template:
        text = apply_template(read_template(parts.folder, prompt), messages, prompt.tools)
    counted = None
    whole = text if text is not None else "".join(message["content"] for message in messages)
    if prompt.tokenizer is not None:
        counted = count_tokens(parts.folder, prompt, whole)
    around = 0 if text is not None else _TOKENS_A_MESSAGE * len(messages)
    return RenderReport(
        name=name,
        digest=prompt.digest,
        version=word,
        messages=[{"role": item["role"], "content": item["content"]} for item in messages],
        rendered=digest("rendered", [dict(message) for message in messages]),
        model=prompt.model,
        parameters=prompt.parameters,
        tokens=counted if counted is not None else estimate_tokens(whole) + around,
        counted_by="estimate" if counted is None else "tokenizer",
        text=text,
    )
