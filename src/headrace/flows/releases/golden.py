"""The suite `golden`: whether a release finds the documents that are known to answer questions.

Its baseline is what serves; where that has the same generations, what was found at the last evaluation, so
that a recall which falls as the corpus grows is seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.curate.evals.ranks import recall, resolve
from headrace.errors import UsageError
from headrace.flows.index.compare import questions_of
from headrace.flows.index.golden import Question
from headrace.flows.index.measures import mean_difference
from headrace.flows.index.verdict import FEWEST_QUESTIONS, TOLERATED_FALL
from headrace.ingest.search.retrieve import Query
from headrace.ledger import release_evidence
from headrace.ledger.identity import digest, digest_bytes
from headrace.records.releases import Evidence, Verdict

if TYPE_CHECKING:
    from headrace.flows.releases.parts import ReleaseParts
    from headrace.ingest.search.retrieve import Retriever
    from headrace.ship.releases import Release

GOLDEN = "golden"
K = 10
LEAST_RECALL = 0.5
"""What the first measurement is held against: there is nothing else."""
_DEEPER = 3
_POWER = 2.8
"""Standard errors of the smallest effect seen with power 0.8 at 95 %, two-sided: 1.96 + 0.84."""


class _Asked(NamedTuple):
    corpus: str
    question: Question

    @property
    def key(self) -> str:
        return digest("question", [self.corpus, self.question.text, list(self.question.documents)])


def evaluate_golden(parts: ReleaseParts, release: Release) -> Evidence:
    """Ask every golden question at a release. Raises UsageError where there is no golden set."""
    index = parts.index()
    asked = [
        _Asked(corpus, question) for corpus in release.corpora for question in questions_of(index, corpus)
    ]
    if not asked:
        raise UsageError(
            "Suite 'golden' needs questions with known answers.",
            hint='Write golden.jsonl, a line for each: {"question": "…", "document": "docs/page.md"}.',
        )
    now = _recalls(parts.retriever(release), asked)
    before, against = _baseline(parts, release, asked)
    pairs = [(before[key], value) for key, value in now.items() if key in before]
    margin = parts.margins.get(GOLDEN, TOLERATED_FALL)
    found = _judge(list(now.values()), pairs, margin=margin, against=against)
    return Evidence(
        run=digest_bytes("run", secrets.token_bytes(32)),
        verdict=found.verdict,
        metrics={
            f"recall@{K}": round(sum(now.values()) / len(now), 4),
            "questions": len(now),
            "compared": len(pairs),
            "change": found.change,
            "recalls": {key: round(value, 4) for key, value in now.items()},
        },
        margin={f"recall@{K}": margin},
        detectable={} if found.detectable is None else {f"recall@{K}": found.detectable},
        reasons=[found.reason],
    )


class _Judged(NamedTuple):
    verdict: Verdict
    reason: str
    change: float | None = None
    detectable: float | None = None


def _judge(
    values: Sequence[float], pairs: Sequence[tuple[float, float]], *, margin: float, against: str
) -> _Judged:
    mean = sum(values) / len(values)
    if len(values) < FEWEST_QUESTIONS:
        said = f"{len(values)} golden questions are too few: {FEWEST_QUESTIONS} are needed"
        return _Judged("inconclusive", said)
    if len(pairs) < FEWEST_QUESTIONS:
        _, half = mean_difference([(0.0, value) for value in values])
        said = f"recall@{K} is {mean:.2f} ± {half:.2f} over {len(values)} questions, the first measurement"
        return _Judged(_verdict(mean, half, floor=LEAST_RECALL), f"{said}; {LEAST_RECALL:.2f} is asked of it")
    change, half = mean_difference(pairs)
    # With no pair that differs the spread says nothing: then the rule of three does.
    detectable = round(max(half / 1.96 * _POWER, 3 / len(pairs)), 4)
    said = (
        f"recall@{K} is {mean:.2f}: {change:+.3f} ± {half:.3f} beside {against}, "
        f"over {len(pairs)} questions; a fall of {margin:g} is tolerated"
    )
    return _Judged(_verdict(change, half, floor=-margin), said, round(change, 4), detectable)


def _verdict(value: float, half: float, *, floor: float) -> Verdict:
    if value - half >= floor:
        return "pass"
    return "fail" if value + half < floor else "inconclusive"


def _baseline(
    parts: ReleaseParts, release: Release, asked: Sequence[_Asked]
) -> tuple[Mapping[str, float], str]:
    with parts.ledger.read() as conn:
        serving = parts.releases.current(conn)
        if serving is not None and _generations(serving) == _generations(release):
            kept = release_evidence.newest(conn, serving.digest).get(GOLDEN)
            kept = kept or release_evidence.newest(conn, release.digest).get(GOLDEN)
            recalls = {} if kept is None else kept.detail["metrics"].get("recalls", {})
            return recalls, "the last evaluation of what serves"
    if serving is None:
        return {}, ""
    known = [item for item in asked if item.corpus in serving.corpora]
    return _recalls(parts.retriever(serving), known), "what serves"


def _generations(release: Release) -> dict[str, str]:
    return {corpus: part["generation"] for corpus, part in release.corpora.items()}


def _recalls(retriever: Retriever, asked: Sequence[_Asked]) -> dict[str, float]:
    return dict(_answers(retriever, asked))


def _answers(retriever: Retriever, asked: Sequence[_Asked]) -> Iterator[tuple[str, float]]:
    for item in asked:
        question = item.question
        query = Query(text=question.text, k=K * _DEEPER, access=question.access, corpus=item.corpus)
        hits = retriever(query).hits
        documents = tuple(dict.fromkeys(hit.document for hit in hits))[:K]
        yield item.key, recall(resolve(question.documents, documents), question.documents)
