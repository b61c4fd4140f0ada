"""Compare a listing with what a generation holds: what must be read, what is missing, what can stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headrace.ledger.documents import BriefState
from headrace.ledger.failures import FailureRow
from headrace.records.document import Listing, Observation, SourceItem
from headrace.records.sync import Failure

if TYPE_CHECKING:
    from headrace.ingest.sync.labels import Labels

RETRIES = 3
"""A document that ran into a limit, or whose text an embedder refused, is tried this often while it does not
change."""


DUPLICATE = "duplicate"
"""Stage of a document that yields to one that it is a near duplicate of."""
KEPT_OUT = ("gate", "dropped", "rejected", DUPLICATE)
"""Stages of documents that a gate keeps out: they wait with a reason, and are no failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of a corpus before a sync."""

    observations: Mapping[str, Observation]
    states: Mapping[str, BriefState]
    """Documents of the generation that is written."""
    serving: Mapping[str, str]
    """URI to source of the documents that serve now."""
    failures: Mapping[str, FailureRow]
    recipe: str
    retry_refused: bool = False
    """Whether documents with refused texts are tried again, however often they were."""
    aliases: Mapping[str, BriefState] = field(default_factory=dict)
    """Documents of this generation that yield to others and are not in its index."""
    unsettled: Collection[str] = ()
    """Documents with an LLM step, or a gate, whose model was not asked or is to be asked again."""
    leads: bool = True
    """Whether the failures are those of this generation; else only those that stand count."""
    rejected: Container[tuple[str, str]] = ()
    """URI and revision of what people decided to keep out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A document that must be read, because it is new, its stamp moved, or its bytes are due for a check."""

    item: SourceItem
    source: str
    acl_id: int
    state: BriefState | None
    rejected: bool = False
    """Whether what the generation holds of it was rejected: it goes, whatever comes in its place."""
    again: bool = False
    """Whether it goes through its stages though its bytes are the same: an LLM step has not settled."""


KeptOut = Callable[[Candidate, str], bool]
"""Tells of a candidate and its revision whether these bytes were forgotten."""


@dataclass(slots=True, kw_only=True)
class Changes:
    """The outcome of a comparison."""

    candidates: list[Candidate] = field(default_factory=list)
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    """Documents the source could not give, or that failed before and have not changed since."""
    missing: dict[str, str] = field(default_factory=dict)
    """URI to source of documents that are in the generation or serve, but not in the listing."""
    movable: dict[str, list[str]] = field(default_factory=dict)
    """Revision to missing URIs it may have moved from."""
    healed: list[str] = field(default_factory=list)
    """URIs whose recorded failure ended because they left the source."""
    suppressed: int = 0
    """Listed documents that stay out because they were forgotten."""
    kept_out: KeptOut | None = None
    """None where nothing was forgotten."""
    listed: dict[str, tuple[SourceItem, str]] = field(default_factory=dict)
    """Every listed document with its source."""
    acl_ids: Mapping[str, int] = field(default_factory=dict)
    """URI to interned access label set."""
    labels: Labels | None = None
    """Their access labels."""

    def candidate(self, uri: str) -> Candidate | None:
        """A listed document to be read whatever is known of it; None for one that is not listed."""
        found = self.listed.get(uri)
        if found is None:
            return None
        return Candidate(item=found[0], source=found[1], acl_id=self.acl_ids[uri], state=None)

    def claim(self, revision: str) -> str | None:
        """The missing document that a new one with this revision moved from; it is missing no more."""
        sources = self.movable.get(revision)
        if not sources:
            return None
        old = sources.pop(0)
        self.missing.pop(old, None)
        return old


def compare(
    listings: Sequence[Listing],
    known: Known,
    *,
    acl_ids: Mapping[str, int],
    verify_before_us: int,
) -> Changes:
    """Sort every listed document into unchanged, candidate or failed, and find what is missing.

    `verify_before_us`: documents whose bytes were last hashed before this time are read again although
    their stamp is the same, because a modification time can lie.
    """
    changes = Changes(acl_ids=acl_ids)
    seen: set[str] = set()
    for listing in listings:
        kept = {failure.document for failure in listing.failures if failure.keeps}
        for item in listing.items:
            if item.uri in seen:
                continue
            seen.add(item.uri)
            changes.listed[item.uri] = (item, listing.source)
            _sort(item, listing.source, known, changes, acl_ids[item.uri], verify_before_us)
        seen |= kept
        changes.failed.extend(
            Failure(document=failure.document, stage="list", error=failure.error)
            for failure in listing.failures
        )
    _find_missing(listings, known, changes, seen)
    changes.candidates.sort(key=lambda candidate: candidate.item.uri)
    return changes


def failure_stamp(recipe: str, stamp: str) -> str:
    """Under which recipe and content a failure was seen: while both stand, it need not be tried again."""
    return f"{recipe}|{stamp}"


def _sort(
    item: SourceItem, source: str, known: Known, changes: Changes, acl_id: int, verify_before_us: int
) -> None:
    state = known.states.get(item.uri)
    if state is not None and (item.uri, state.revision) in known.rejected:
        changes.candidates.append(
            Candidate(item=item, source=source, acl_id=acl_id, state=None, rejected=True)
        )
        return
    failure = known.failures.get(item.uri)
    unsettled = item.uri in known.unsettled
    if failure is not None and _stands(failure, failure_stamp(known.recipe, item.stamp), known, unsettled):
        changes.failed.append(Failure(document=item.uri, stage=failure.stage, error=failure.error))
        return
    if not known.leads:
        failure = None
    served = state is not None
    if state is None:
        state = known.aliases.get(item.uri)
    observation = known.observations.get(item.uri)
    if (
        state is not None
        and observation is not None
        and failure is None
        and observation.stamp == item.stamp
        and observation.revision == state.revision
        and observation.verified_at_us >= verify_before_us
        and not unsettled
    ):
        changes.unchanged += served
        return
    changes.candidates.append(
        Candidate(item=item, source=source, acl_id=acl_id, state=state, again=unsettled)
    )


def _stands(failure: FailureRow, stamp: str, known: Known, unsettled: bool) -> bool:
    if failure.stamp != stamp or (unsettled and failure.stage in ("gate", "dropped")):
        return False
    if failure.stage == "refused":
        return failure.attempts >= RETRIES and not known.retry_refused
    return failure.stage in ("parse", "chunk", *KEPT_OUT) or (
        failure.stage == "limit" and failure.attempts >= RETRIES
    )


def _find_missing(listings: Sequence[Listing], known: Known, changes: Changes, seen: set[str]) -> None:
    complete = {listing.source for listing in listings if listing.complete}
    configured = {listing.source for listing in listings}
    movable: dict[str, list[str]] = defaultdict(list)
    for uri, source in known.serving.items():
        if uri not in seen:
            changes.missing[uri] = source
    for uri, state in sorted([*known.states.items(), *known.aliases.items()]):
        if uri in seen:
            continue
        changes.missing[uri] = state.source
        if state.source in complete or state.source not in configured:
            movable[state.revision].append(uri)
    changes.movable = dict(movable)
    if known.leads:
        changes.healed = [uri for uri in known.failures if uri not in seen and uri not in changes.missing]
