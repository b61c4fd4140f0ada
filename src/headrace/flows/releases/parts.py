"""What the release operations work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.flows.prompts.parts import PromptParts
    from headrace.infer.prompts.base import Prompt
    from headrace.ingest.search.retrieve import Retriever
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.records.releases import Evidence
    from headrace.ship.releases import Release, Releases
    from headrace.ship.requests import RequestShape


@runtime_checkable
class ReleaseEvaluator(Protocol):
    """Runs a suite on exactly one release.

    class Always:
        def evaluate(self, suite, digest):
            return Evidence(run="run_1", verdict="pass")
    """

    def evaluate(self, suite: str, digest: str) -> Evidence:
        """What the suite says of the release. Raises NotFoundError for a suite that nobody declared."""
        ...


@runtime_checkable
class RequestSource(Protocol):
    """Gives the shapes of requests that were not served, such as training rows or cases of an eval.

    class Rows:
        def shapes(self, limit):
            return [RequestShape(example="row 1", system="…")]
    """

    def shapes(self, limit: int) -> Iterable[RequestShape]:
        """At most so many, newest first."""
        ...


class Asking(NamedTuple):
    """How questions are answered, as the files of the workspace say."""

    prompt: Prompt
    model: str
    """As configured."""
    k: int
    reranker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseParts:
    """Stores and settings of one workspace; what costs to read is a callable."""

    ledger: Ledger
    releases: Releases
    events: Callable[[], EventStore]
    prompts: PromptParts
    index: Callable[[], IndexParts]
    asking: Callable[[], Asking]
    """Raises ConfigError."""
    policy: Callable[[], Mapping[str, Any]]
    """What `[privacy]` and `[vault]` say."""
    features: Callable[[], Mapping[str, str]]
    """Feature view to the digest of its declaration."""
    corpora: Sequence[str]
    """As configured."""
    suites: Sequence[str]
    """What is declared to be run."""
    margins: Mapping[str, float]
    """Suite to the fall that is tolerated."""
    data_drift: float
    """Share of documents that may change after an evaluation."""
    retriever: Callable[[Release], Retriever]
    """Searches the generations of a release as the workspace is configured; records nothing."""
    evaluator: Callable[[], ReleaseEvaluator]
    """What runs suites of evals."""
    actor: str
    sources: Callable[[], Mapping[str, RequestSource]] = field(default=dict)
    """`training` and `eval` to where their requests are read."""
