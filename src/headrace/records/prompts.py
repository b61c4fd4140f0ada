"""What is known of prompts: versions, labels, differences, problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

PromptState = Literal["released", "differs", "unreleased", "broken", "no file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSummary:
    """One prompt: its file, its labels, what serves."""

    name: str
    """File name without `.md`."""
    description: str
    """As the file says."""
    digest: str | None
    """Version in the working tree; None where there is no file, or one that is wrong."""
    released: str | None
    """Version that calls take."""
    state: PromptState
    """`differs`: the file is not what serves. `broken`: `headrace prompt check` says why."""
    labels: Mapping[str, str]
    """Label to version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallShare:
    """How many calls were made with what was never released."""

    days: int
    """How far back."""
    calls: int
    """Calls of a model in that time."""
    unreleased: int
    """Those whose prompt is in no release, or that had none."""
    share: float | None
    """`unreleased` of `calls`; None where there were none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptList:
    """Every prompt of a workspace."""

    environment: str
    """Whose release decides what serves."""
    prompts: Sequence[PromptSummary]
    """By name."""
    calls: CallShare
    """Lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptDetail:
    """One version of a prompt with everything that shapes its calls."""

    name: str
    """Of the prompt."""
    digest: str
    """Of this version."""
    version: str
    """By what it was found: `working-tree`, a label or a digest."""
    labels: Sequence[str]
    """Labels that point to it now."""
    description: str
    """As the file says; a version of the ledger keeps none."""
    model: str | None
    """As configured; None leaves it to the caller."""
    fallbacks: Sequence[str]
    """Models to try after it."""
    schema: Mapping[str, Any] | None
    """`name`, `version` and `digest` of what the output must look like."""
    variables: Mapping[str, str]
    """Name to type."""
    parameters: Mapping[str, Any]
    """Passed on to the model."""
    tools: Sequence[Mapping[str, Any]]
    """In OpenAI's shape."""
    features: Sequence[str]
    """Names of features."""
    few_shot: Mapping[str, Any] | None
    """`name`, `digest` and number of `rows`."""
    vault: str
    """`off`, `on` or `strict`."""
    chat_template: Mapping[str, str] | None
    """`path` and `digest` of a pinned file."""
    tokenizer: Mapping[str, str] | None
    """`path` and `digest` of a pinned file."""
    includes: Mapping[str, str]
    """Path to text of each file it draws in."""
    body: str
    """The template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderReport:
    """What a call would send."""

    name: str
    """Of the prompt."""
    digest: str
    """Of its version."""
    version: str
    """By what it was found."""
    messages: Sequence[Mapping[str, str]]
    """As the model would get them."""
    rendered: str
    """Digest of the messages."""
    model: str | None
    """As configured."""
    parameters: Mapping[str, Any]
    """Passed on to the model."""
    tokens: int
    """Of the messages; of `text` where there is one."""
    counted_by: Literal["estimate", "tokenizer"]
    """`estimate`: no tokenizer is pinned, so the count may be off by a third."""
    text: str | None
    """The messages under the pinned chat template; None unless asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """One thing beside the text that two versions have otherwise."""

    part: str
    """Such as `model` or `parameters.temperature`."""
    before: Any
    """None where the first version has none."""
    after: Any
    """None where the second version has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffReport:
    """Two versions of a prompt beside each other."""

    name: str
    """Of the prompt."""
    a: str
    """By what the first was found."""
    a_digest: str
    """Its digest."""
    b: str
    """By what the second was found."""
    b_digest: str
    """Its digest."""
    same: bool
    """Whether they are one version."""
    text: str
    """Unified difference of body, includes and examples; empty where these are equal."""
    changed: Sequence[PartChange]
    """Everything else that is otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStep:
    """A label came to point to a version."""

    label: str
    """Which one."""
    digest: str
    """The version."""
    at_us: int
    """When."""
    actor: str
    """Who did it."""
    reason: str
    """Why."""
    current: bool
    """Whether it points there still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptLog:
    """The history of every label of a prompt."""

    name: str
    """Of the prompt."""
    steps: Sequence[LabelStep]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport:
    """A label was moved."""

    name: str
    """Of the prompt."""
    label: str
    """Which one."""
    digest: str
    """Where it points now."""
    former: str | None
    """Where it pointed before."""
    moved: bool
    """False where it pointed there already."""
    pinned: bool
    """Whether it followed its file until now, and stays where it is from now on: it was decided by hand."""
    release: str | None
    """The release that serves since; None for a label that decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptProblem:
    """Something wrong with a prompt, a part or an example."""

    prompt: str
    """Name of the prompt."""
    file: str
    """From the folder of the workspace."""
    line: int | None
    """From 1; None where it is no matter of a line."""
    message: str
    """What is wrong, what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPrompts:
    """What is wrong with the prompt files of a workspace."""

    prompts: int
    """How many were looked at."""
    problems: Sequence[PromptProblem]
    """By file and line; empty where all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRelease:
    """What was released from the working tree because nothing of it was before."""

    released: Mapping[str, str]
    """Name to version."""
    release: str | None
    """The release that serves since; None where nothing was released."""
    problems: Sequence[PromptProblem]
    """Of prompts that could not be."""
