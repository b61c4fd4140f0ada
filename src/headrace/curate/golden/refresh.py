"""The rolling part of a golden set: each month a random sample of production; the oldest month goes."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.curate.golden.cases import check_set, row_of
from headrace.curate.golden.cases import content_of as content
from headrace.curate.golden.cleaning import cleaned
from headrace.curate.golden.parts import GoldenParts, TracedAnswer
from headrace.errors import UsageError
from headrace.ledger import consents, golden, lineage
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.golden import CaseRow
from headrace.records.golden import CaseInput, GoldenRefresh

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

_IN_TRANSACTION = declare("golden.in_refresh")


def refresh(
    parts: GoldenParts,
    *,
    set_name: str,
    n: int,
    since_ns: int,
    keep: int,
    seed: int | None = None,
    accept: bool = False,
) -> GoldenRefresh:
    """Draw this month's sample, unless it was drawn, and retire months beyond the last `keep`.

    Only answers of users who allow it, each with the same chance. Drafts wait for what is expected of them,
    unless `accept`. Raises UsageError where there is nothing to draw from.
    """
    check_set(set_name)
    now_ns = time.time_ns()
    period = time.strftime("%Y-%m", time.gmtime(now_ns // 1_000_000_000))
    with parts.ledger.read() as conn:
        known = {row.period for row in golden.cases(conn, set_name) if row.part == "random"}
    names = list(parts.traces.answered(since_ns, now_ns))
    counts: Counter[str] = Counter()
    drawn: list[CaseInput] = []
    refused = 0
    if period not in known:
        if not names:
            raise UsageError(
                "No answers to draw from in this time.",
                hint="Ask something first (`headrace ask`), or look further back with --since.",
            )
        chosen, refused = _draw(parts, names, n, seed)
        probability = min(1.0, len(chosen) / max(1, len(names) - refused))
        drawn = [_case(parts, item, period, probability, counts) for item in chosen]

    def work(tx: Write) -> GoldenRefresh:
        before = golden.cases(tx.conn, set_name)
        taken = {row.key for row in before}
        fresh = [item for item in drawn if item.key not in taken]
        rows = [
            row_of(item, set_name, None, accept=accept, now_us=tx.now_us, period=period) for item in fresh
        ]
        golden.put_contents(tx, (content(item) for item in fresh))
        golden.put_cases(tx, rows, actor=parts.actor, reason=f"random sample of {period}")
        _link(tx, rows)
        gone = _outdated([*before, *rows], keep)
        golden.put_cases(tx, gone, actor=parts.actor, reason=f"older than the last {keep} samples")
        fire(_IN_TRANSACTION)
        return GoldenRefresh(
            set=set_name,
            period=period,
            version=golden.version_of(golden.cases(tx.conn, set_name))[0],
            traces=len(names),
            refused=refused,
            added=tuple(item.key for item in fresh),
            retired=tuple(row.key for row in gone),
            redacted=dict(sorted(counts.items())),
        )

    return parts.ledger.write(work)


def _outdated(rows: Sequence[CaseRow], keep: int) -> list[CaseRow]:
    """Cases of months beyond the last ones, retired."""
    sampled = [row for row in rows if row.part == "random" and row.period]
    months = sorted({str(row.period) for row in sampled})
    old = set(months[: max(0, len(months) - keep)])
    return [row._replace(state="retired") for row in sampled if row.period in old and row.state != "retired"]


def _link(tx: Write, rows: Sequence[CaseRow]) -> None:
    made = [(row.trace_id, row.case_id) for row in rows if row.trace_id]
    lineage.link(
        tx, [lineage.Edge(source=trace, target=case, activity="became_case") for trace, case in made]
    )


def _draw(parts: GoldenParts, names: list[str], n: int, seed: int | None) -> tuple[list[TracedAnswer], int]:
    """So many answers in random order, those of users who refused passed over and counted."""
    order = list(names)
    (random.Random(seed) if seed is not None else random.SystemRandom()).shuffle(order)  # noqa: S311 - no secret
    chosen: list[TracedAnswer] = []
    refused = 0
    for start in range(0, len(order), n):
        if len(chosen) >= n:
            break
        loaded = [item for item in parts.traces.load(order[start : start + n]) if item.question.strip()]
        with parts.ledger.read() as conn:
            allowed = consents.allowed(conn, {item.subject for item in loaded if item.subject}, "eval")
        willing = [item for item in loaded if item.subject is None or item.subject in allowed]
        refused += len(loaded) - len(willing)
        chosen += willing[: n - len(chosen)]
    return chosen, refused


def _case(
    parts: GoldenParts, item: TracedAnswer, period: str, probability: float, counts: Counter[str]
) -> CaseInput:
    made = CaseInput(
        key=f"{period}/{item.trace_id}",
        inputs={"question": item.question},
        provenance={
            "trace": item.trace_id,
            "sampled": round(probability, 6),
            **({"subject": item.subject} if item.subject else {}),
            **({"documents": list(item.documents)} if item.documents else {}),
        },
        part="random",
    )
    return replace(made, inputs=cleaned(parts.engine, made.inputs, counts))
