"""`workspace.prompts`: the operations on prompts, one call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.flows.prompts.book import PromptBook, ResolvedPrompt
    from headrace.flows.prompts.parts import PromptParts
    from headrace.records.prompts import (
        CheckedPrompts,
        DiffReport,
        FirstRelease,
        LabelReport,
        PromptDetail,
        PromptList,
        PromptLog,
        RenderReport,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptOperations:
    """What can be done with the prompts of a workspace."""

    parts: PromptParts
    book: PromptBook
    """Finds prompts for calls."""

    def list(self, *, days: int = 7) -> PromptList:
        """Every prompt: its file, its labels, what serves; and how many calls of late match no release."""
        from headrace.flows.prompts.listing import list_prompts

        return list_prompts(self.parts, days=days)

    def show(self, name: str, version: str | None = None) -> PromptDetail:
        """One version with everything that shapes its calls.

        A version is `working-tree`, a label, a digest or the start of one; without it the file, or what
        serves where there is no file. Raises NotFoundError, ConfigError.
        """
        from headrace.flows.prompts.listing import show_prompt

        return show_prompt(self.parts, *_split(name, version))

    def render(
        self,
        name: str,
        variables: Mapping[str, Any],
        *,
        version: str | None = None,
        template: bool = False,
    ) -> RenderReport:
        """The messages that a call would send, their digest and about how many tokens; nothing is sent.

        With `template` also the one text under the pinned chat template. Values that are `Written` are read
        by their declared types. Raises NotFoundError, ConfigError, UsageError for variables that do not fit.
        """
        from headrace.flows.prompts.rendering import render_prompt

        name, version = _split(name, version)
        return render_prompt(self.parts, name, variables, version=version, template=template)

    def diff(self, name: str, a: str | None = None, b: str | None = None) -> DiffReport:
        """Two versions beside each other; by default what serves and the file. Raises NotFoundError."""
        from headrace.flows.prompts.differences import diff

        return diff(self.parts, name, a, b)

    def log(self, name: str) -> PromptLog:
        """Every move of every label, newest first. Raises NotFoundError."""
        from headrace.flows.prompts.listing import log

        return log(self.parts, name)

    def label(self, name: str, label: str, version: str | None = None, *, reason: str = "") -> LabelReport:
        """Point a label to a version, by default the file.

        The label of an environment, such as `production`, decides what calls take: a release is minted and
        the pointer moves with it. Raises NotFoundError, ConfigError for a file that is wrong, UsageError.
        """
        from headrace.flows.prompts.labels import label as move

        return move(self.parts, name, label, version, reason=reason)

    def rollback(
        self, name: str, *, label: str | None = None, to: str | None = None, reason: str = ""
    ) -> LabelReport:
        """Point a label, by default that of the environment, to the version before or to an earlier one.

        Raises NotFoundError, UsageError when there is none, RefConflict when the label moved meanwhile.
        """
        from headrace.flows.prompts.labels import rollback

        return rollback(self.parts, name, label, to=to, reason=reason)

    def check(self, *, upstream: bool = False) -> CheckedPrompts:
        """Read every prompt file with what it draws in, and give everything that is wrong; stores nothing.

        `upstream`: also ask self-served models for their chat template, and hold it against the pinned one.
        """
        from headrace.flows.prompts.checking import check

        return check(self.parts, upstream=upstream)

    def release(self, names: Sequence[str] | None = None) -> FirstRelease:
        """Release the files of prompts that were never released; what was, stays as it is.

        `names`: these alone, and what is wrong with them is raised as ConfigError.
        """
        from headrace.flows.prompts.labels import release_unreleased

        return release_unreleased(self.parts, names)

    def resolve(self, ref: str, *, working_tree: bool = False) -> ResolvedPrompt:
        """What a call takes for `NAME`, `NAME@LABEL` or `NAME@DIGEST`, as of now. Raises NotFoundError."""
        return self.book.resolve(ref, working_tree=working_tree)


def _split(name: str, version: str | None) -> tuple[str, str | None]:
    """`NAME@VERSION` stands for both."""
    bare, sign, word = name.partition("@")
    return (bare, word) if sign and version is None else (name, version)
