"""What is known of releases, and what their operations did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "fail", "inconclusive"]
Standing = Literal["green", "red", "inconclusive", "missing", "undeclared"]
"""Of the declared suites together: all passed, one failed, one is inconclusive, one was never run, none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an evaluator found of a release."""

    run: str
    """Names the run, so that it can be looked at."""
    verdict: Verdict
    """Whether the release may serve, as far as this suite goes."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Metric to its value, or to what is known of it."""
    margin: Mapping[str, float] = field(default_factory=dict)
    """Metric to the fall that was tolerated."""
    detectable: Mapping[str, float] = field(default_factory=dict)
    """Metric to the smallest effect that the run could have seen."""
    reasons: Sequence[str] = ()
    """What the verdict rests on, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReport:
    """One piece of evidence as it is kept."""

    suite: str
    """What was run."""
    run: str
    """The run."""
    verdict: Verdict
    """pass, fail or inconclusive."""
    at: str
    """When, in UTC."""
    actor: str
    """Who ran it."""
    metrics: Mapping[str, Any]
    """Metric to its value, or to what is known of it."""
    margin: Mapping[str, float]
    """Metric to the fall that was tolerated."""
    detectable: Mapping[str, float]
    """Metric to the smallest effect that the run could have seen."""
    reasons: Sequence[str]
    """What the verdict rests on, worst first."""
    corpora: Mapping[str, Mapping[str, Any]]
    """Corpus to `generation`, `snapshot`, `documents` and `chunks` as they were then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPrompt:
    """What the version of a prompt holds fast."""

    digest: str
    """Of the version."""
    model: str | None
    """As it names it; None takes that of the configuration."""
    schema: Mapping[str, Any] | None
    """`name`, `version` and `digest`."""
    parameters: Mapping[str, Any]
    """Sampling parameters."""
    tools: Mapping[str, str]
    """Tool to the digest of its definition."""
    few_shot: Mapping[str, Any] | None
    """`name`, `digest` and number of `rows`."""
    features: Sequence[str]
    """Features it takes."""
    vault: str
    """`off`, `on` or `strict`."""
    chat_template: str | None
    """Digest of the file."""
    tokenizer: str | None
    """Digest of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """One release."""

    release: str
    """Its digest."""
    implicit: bool
    """Whether it was minted as things changed, and nobody made it on purpose."""
    made_at: str | None
    """When it was first kept."""
    actor: str | None
    """Who made it."""
    note: str
    """What they said of it."""
    serves: Sequence[str]
    """Environments that it serves in."""
    standing: Standing
    """How the declared suites stand."""
    evidence: Sequence[EvidenceReport]
    """The last of each suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseList:
    """Releases, newest first."""

    environment: str
    """The environment of the workspace."""
    suites: Sequence[str]
    """What is declared to be run."""
    releases: Sequence[ReleaseReport]
    """Those that were made on purpose, and those that served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDetail:
    """A release with everything it pins."""

    release: ReleaseReport
    """What is known of it."""
    corpora: Mapping[str, Mapping[str, Any]]
    """Corpus to `generation`, `recipe`, and the `state`, `documents` and `chunks` of it now."""
    model: str | None
    """Identity of the model that answers."""
    prompt: Mapping[str, str] | None
    """`name` and `digest` of the prompt that answers."""
    prompts: Mapping[str, PinnedPrompt]
    """Every pinned prompt, that of `ask` included."""
    schemas: Mapping[str, Mapping[str, Any]]
    """Schema to `version` and `digest`."""
    models: Mapping[str, Mapping[str, Any]]
    """Model as configured to `identity`, `pinned`, `how` and what `answered` last."""
    ask: Mapping[str, Any]
    """`model`, `k` and `reranker`; empty in releases that nobody made on purpose."""
    features: Mapping[str, str]
    """Feature view to the digest of its declaration."""
    policy: str
    """Digest of what `[privacy]` and `[vault]` say; empty where it is not pinned."""
    contracts: Mapping[str, str]
    """Empty: nothing declares contracts yet."""
    unpinned: Sequence[str]
    """Models that may change under their names."""
    differs: Sequence[str]
    """Where the configuration of this workspace is otherwise than what is pinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseChange:
    """One thing that two releases have otherwise."""

    component: str
    """Such as `generation docs`, `prompt triage`, `schema ticket`, `model small` or `policy`."""
    before: Any
    """None where the first has none."""
    after: Any
    """None where the second has none."""
    text: str = ""
    """For a prompt: the unified difference of its texts."""
    parts: Sequence[Mapping[str, Any]] = ()
    """For a prompt and a recipe: what else is otherwise, each with `part`, `before` and `after`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """Two releases beside each other."""

    a: str
    """Digest of the first."""
    b: str
    """Digest of the second."""
    same: bool
    """Whether they are one."""
    changes: Sequence[ReleaseChange]
    """By component; empty where they are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """What suites said of a release."""

    release: str
    """Its digest."""
    verdict: Verdict
    """The worst of all: inconclusive before fail before pass."""
    evidence: Sequence[EvidenceReport]
    """One for each suite that was run now."""
    standing: Standing
    """Of the declared suites, with what was found before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMove:
    """A promotion or a rollback."""

    environment: str
    """Whose pointer."""
    kind: Literal["promote", "rollback"]
    """What it was."""
    release: str
    """What serves now."""
    former: str | None
    """What served until now."""
    moved: bool
    """False where it served already, by the same decision."""
    evidence: Mapping[str, str]
    """Suite to the verdict that counted."""
    forced: Sequence[str]
    """What was passed over by force."""
    warnings: Sequence[str]
    """What the pointer alone cannot bring back, such as a policy that stands in headrace.toml."""
    reason: str
    """As it stands in the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStep:
    """One move of a pointer."""

    seq: int
    """1 is the first."""
    kind: Literal["implicit", "promote", "rollback"]
    """Implicit: a label, a cutover, a sync or a question moved it."""
    release: str
    """What served since."""
    former: str | None
    """What served before."""
    at: str
    """When, in UTC."""
    actor: str
    """Who did it."""
    reason: str
    """Why."""
    forced: Sequence[str]
    """What was passed over by force."""
    evidence: Mapping[str, str]
    """Suite to the verdict that counted; of an implicit one, what was known then."""
    current: bool
    """Whether it serves still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLog:
    """The whole history of a pointer."""

    environment: str
    """Whose."""
    steps: Sequence[ReleaseStep]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentReport:
    """What one environment serves."""

    environment: str
    """Its name."""
    release: str
    """What serves."""
    since: str
    """Since when, in UTC."""
    actor: str
    """Who moved the pointer."""
    reason: str
    """Why."""
    standing: Standing
    """How the declared suites stand."""
    differs: Sequence[ReleaseChange]
    """What it has otherwise than the environment of this workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentList:
    """Every environment of the ledger."""

    own: str
    """The environment of this workspace."""
    environments: Sequence[EnvironmentReport]
    """Its own first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRelease:
    """A release and the calls that it served."""

    release: str
    """Its digest; empty for calls that name none."""
    calls: int
    """How many."""
    implicit: bool
    """Whether nobody made it on purpose."""
    standing: Standing
    """How the declared suites stand."""
    first_at: str
    """The oldest of these calls, in UTC."""
    last_at: str
    """The newest."""
    examples: Sequence[str]
    """Some of their traces."""
    otherwise: Sequence[str]
    """Components that it has otherwise than the last release with green evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusDrift:
    """What became of a corpus since the release was evaluated."""

    corpus: str
    """Which one."""
    evaluated_at: str
    """When the snapshot was published that was evaluated, in UTC."""
    documents_then: int
    """Documents of that snapshot."""
    documents_now: int
    """Documents that serve now."""
    changed: int
    """Documents that came, changed or went since."""
    share: float
    """Of these in the larger of both."""
    drifted: bool
    """Whether that is more than `[release] data_drift`, or the corpus is twice or half what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestGroup:
    """Requests of one origin."""

    origin: str
    """`serving`, `eval`, `training`, or an environment."""
    requests: int
    """How many were looked at."""
    context_tokens: Mapping[str, float]
    """`p50`, `p95` and `largest` of the input; empty where none is known."""
    corpus_documents: Mapping[str, float]
    """The same of documents that were searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDifference:
    """Something that requests of two origins have otherwise."""

    first: str
    """One origin."""
    second: str
    """The other."""
    component: str
    """Such as `system`, `tools`, `sampling`, `context_tokens` or `corpus_documents`."""
    share_first: float | None
    """Of the first: requests with a value that the second never had; None for sizes."""
    share_second: float | None
    """Of the second: requests with a value that the first never had; None for sizes."""
    only_first: Sequence[Mapping[str, Any]]
    """Values that the second never had, each with `value`, `count` and `examples`."""
    only_second: Sequence[Mapping[str, Any]]
    """Values that the first never had."""
    said: str
    """In words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewReport:
    """What serves otherwise than it was evaluated."""

    environment: str
    """Of this workspace."""
    release: str | None
    """What serves now."""
    standing: Standing
    """How the declared suites stand with it."""
    since: str
    """Calls from then on were looked at, in UTC."""
    calls: int
    """How many there were."""
    ungated: int
    """Of these, how many were served by a release without green evidence."""
    truncated: bool
    """Whether there were more calls than were looked at."""
    served: Sequence[ServedRelease]
    """Releases that served, most calls first."""
    configuration: Sequence[str]
    """Where the configuration of this workspace is otherwise than what serves pins."""
    pending: Sequence[str]
    """What files and configuration say of `ask` by now, and no promoted release yet; this is no skew."""
    drift: Sequence[CorpusDrift]
    """Of the release that serves; empty before it was evaluated."""
    groups: Sequence[RequestGroup]
    """Whose requests were compared."""
    requests: Sequence[RequestDifference]
    """What they have otherwise."""
    skewed: bool
    """Whether anything here asks for a decision."""
