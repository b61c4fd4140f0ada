"""From the name of a prompt and its variables to a call, as released."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.flows.prompts.filling import Filled, Filler
from headrace.flows.prompts.labels import release_unreleased
from headrace.flows.prompts.served import ServedTemplates
from headrace.flows.sessions.placing import rendered, with_history
from headrace.infer.gateway.base import Budget, CallRequest
from headrace.infer.models.identity import model_identity
from headrace.infer.prompts.variables import read_written

if TYPE_CHECKING:
    from headrace.flows.prompts.book import PromptBook, ResolvedPrompt
    from headrace.flows.prompts.parts import PromptParts


class ReleasedPrompts:
    """Makes calls of prompts; what cannot be is refused before a token is spent."""

    def __init__(
        self,
        parts: PromptParts,
        book: PromptBook,
        *,
        budget: Callable[[], Budget] = Budget,
        working_tree: bool = True,
    ) -> None:
        self._parts = parts
        self._book = book
        self._budget = budget
        self._served = ServedTemplates(parts)
        self._working_tree = working_tree
        """Whether a prompt that nobody has labelled follows its file, and `NAME@working-tree` is allowed."""
        self._followed: dict[str, frozenset[tuple[str, int, int]]] = {}

    def request(
        self,
        prompt: str,
        variables: Mapping[str, Any],
        *,
        model: str | None = None,
        fill: Filler | None = None,
    ) -> CallRequest:
        """The call that a prompt makes of variables; `model` stands in for its own, without its fallbacks.

        `fill` brings features, profile and history where the prompt declares them.
        Its `skew` says what was never released together: whether such a call goes on is the caller's policy.
        Raises NotFoundError, ConfigError, UsageError for variables that do not fit, and TemplateMismatch for
        a self-served model that has another chat template than the prompt pins.
        """
        found = self._find(prompt)
        given = read_written(found.prompt, variables)
        made = fill(found.prompt, given) if fill else Filled(variables=given)
        messages = rendered(found.prompt, made.variables, made.history if fill else None)
        self._served.require(found.prompt, model or found.model)
        skew = found.skew
        if model is not None:
            skew = found.with_model(model, model_identity(model, models=self._parts.models))
        return CallRequest(
            messages=[dict(message) for message in messages],
            model=model or found.model,
            parameters=found.prompt.parameters,
            tools=found.prompt.tools,
            schema=found.schema,
            prompt=found.version,
            variables=with_history(found.prompt, made.variables, made.history) if fill else given,
            features=made.features,
            profile=made.profile,
            conversation=made.talk,
            fallbacks=() if model is not None else found.fallbacks,
            vault=found.vault,
            budget=self._budget(),
            release=found.release,
            skew=skew,
        )

    def _find(self, ref: str) -> ResolvedPrompt:
        name, _, word = ref.partition("@")
        if self._working_tree and word in ("", self._parts.releases.environment):
            self._follow(name)
        return self._book.resolve(ref, working_tree=self._working_tree)

    def _follow(self, name: str) -> None:
        """Release a prompt that nobody has labelled as its file is now."""
        files = _stamps(self._parts)
        if self._followed.get(name) != files:
            release_unreleased(self._parts, [name])
            self._followed[name] = files


def _stamps(parts: PromptParts) -> frozenset[tuple[str, int, int]]:
    """What tells that a file that shapes prompts was edited."""
    folders = (parts.folder, parts.root / "schemas")
    files = (path for folder in folders for path in folder.rglob("*"))
    found = ((str(path), path.stat()) for path in files if path.is_file())
    return frozenset((path, stat.st_mtime_ns, stat.st_size) for path, stat in found)
