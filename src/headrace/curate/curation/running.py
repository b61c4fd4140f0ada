"""`curate run`: look at the traces that have news, and draft what the rules say."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.curate.curation.collecting import SAMPLE, Collected, Collector, Link
from headrace.curate.curation.consent import Allowed, allowed_among
from headrace.curate.curation.delivery import deliver, withdraw
from headrace.curate.curation.drafting import Draft, case_of, draft_of, regenerated_pair
from headrace.curate.curation.evidence import values_of
from headrace.curate.curation.frame import Frame, frame_of
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.reading import Known, read_known
from headrace.curate.curation.rules import matching
from headrace.curate.curation.sampling import by_stratum, ended_periods, stratified
from headrace.ledger import curation, leases, lineage
from headrace.ledger.curation import DrawRow, LookedRow, RunRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.ledger import Write
from headrace.records.curation import CurationRun

_IN_BATCH = declare("curate.in_batch_transaction")
_BATCH_DONE = declare("curate.batch_committed")
_IN_SAMPLE = declare("curate.in_sample_transaction")
_BEFORE_END = declare("curate.before_end")
_BATCH = 250
SAMPLED_INTO = "production"


@dataclass(slots=True, kw_only=True)
class _Tally:
    looked: int = 0
    again: int = 0
    items: int = 0
    linked: int = 0
    sampled: int = 0
    matched: Counter[str] = field(default_factory=Counter)


def run(parts: CurationParts, *, again: bool = False, now_us: int | None = None) -> CurationRun:
    """Look at every trace that is new or has news, draft what the rules say, and deliver what was accepted.

    Running twice adds nothing; a run that was killed is finished by the next one. `again` looks at the whole
    window anew, as after a change of rules. Raises LeaseHeld, StorageError.
    """
    started = time.monotonic()
    with leases.held(parts.ledger, "curate"):
        frame = frame_of(parts, again=again, now_us=time.time_ns() // 1000 if now_us is None else now_us)
        collector, tally = Collector(parts), _Tally()
        for start in range(0, len(frame.traces), _BATCH):
            _batch(parts, frame, collector, tally, traces=frame.traces[start : start + _BATCH])
        _sample(parts, frame, collector, tally)
        withdrawn = withdraw(parts)
        delivered = deliver(parts)
        fire(_BEFORE_END)
        return _end(
            parts,
            frame,
            collector,
            tally,
            done={"withdrawn": withdrawn, "delivered": delivered},
            seconds=time.monotonic() - started,
        )


def _batch(
    parts: CurationParts, frame: Frame, collector: Collector, tally: _Tally, *, traces: Sequence[str]
) -> None:
    known = read_known(parts, traces)
    fresh = {
        name: found
        for name, found in known.items()
        if frame.again or name not in frame.looked or frame.looked[name].evidence != found.mark
    }
    tally.looked += len(fresh)
    tally.again += sum(name in frame.looked for name in fresh)
    allowed = _allowed(parts, fresh.values())
    collected = Collected()
    # In the order of time, so that the first of equal questions is the one that stands in the queue.
    for name in sorted(fresh, key=lambda trace: (fresh[trace].facts.shown.ended_ns, trace)):
        _trace(parts, collector, tally, fresh[name], allowed=allowed, into=collected)
    _again(parts, collector, tally, fresh, collected)
    rows = [
        LookedRow(name, found.facts.shown.ended_ns // 1000, 0, found.mark) for name, found in fresh.items()
    ]

    def work(tx: Write) -> tuple[int, int]:
        counts = keep(tx, collected)
        curation.look(tx, [row._replace(looked_at_us=tx.now_us) for row in rows])
        fire(_IN_BATCH)
        return counts

    if rows:
        items, links = parts.ledger.write(work)
        tally.items += items
        tally.linked += links
        fire(_BATCH_DONE)


def _trace(
    parts: CurationParts,
    collector: Collector,
    tally: _Tally,
    known: Known,
    *,
    allowed: Allowed,
    into: Collected,
) -> None:
    facts, evidence = known
    values = values_of(facts, evidence)
    for rule in matching(parts.config.in_force, values):
        tally.matched[rule.name] += 1
        draft = draft_of(rule, facts, evidence, minimum_edit=parts.config.minimum_edit)
        if isinstance(draft, Draft):
            link = link_of(known, values)
            collector.take(draft, rule=rule.name, allowed=allowed, link=link, into=into, review=rule.review)
        else:
            collector.left_out[draft] += 1


def _again(
    parts: CurationParts, collector: Collector, tally: _Tally, known: Mapping[str, Known], into: Collected
) -> None:
    """An answer that was asked for again, and the one that was accepted in its place, are a pair.

    Both ends are looked at, since either may be known first.
    """
    rule = next((rule for rule in parts.config.in_force if rule.to == "pair"), None)
    if rule is None:
        return
    with parts.ledger.read() as conn:
        earlier = curation.asked_again(conn, list(known))
    later = {(name, item.evidence.regenerated_as) for name, item in known.items()}
    couples = {(worse, better) for better, before in earlier.items() for worse in before} | later
    wanted = sorted((worse, better) for worse, better in couples if better is not None)
    read = read_known(parts, sorted({name for couple in wanted for name in couple} - set(known))) | dict(
        known
    )
    for worse, better in wanted:
        if worse in read and better in read and values_of(*read[better])["accepted"]:
            tally.matched[rule.name] += 1
            draft = regenerated_pair(rule, read[worse].facts, read[better].facts)
            if isinstance(draft, Draft):
                link = link_of(read[worse], values_of(*read[worse]))
                allowed = _allowed(parts, [read[worse], read[better]])
                collector.take(
                    draft, rule=rule.name, allowed=allowed, link=link, into=into, review=rule.review
                )
            else:
                collector.left_out[draft] += 1


def _sample(parts: CurationParts, frame: Frame, collector: Collector, tally: _Tally) -> None:
    """Draw from each period that is over and was not drawn from yet."""
    with parts.ledger.read() as conn:
        done = {(row.since_us, row.until_us) for row in curation.draws(conn)}
    periods = ended_periods(since_us=frame.since_us, now_us=frame.now_us, period_us=parts.period_us)
    for since_us, until_us in periods:
        if parts.config.sample and (since_us, until_us) not in done:
            _draw(parts, frame, collector, tally, since_us=since_us, until_us=until_us)


def _draw(
    parts: CurationParts, frame: Frame, collector: Collector, tally: _Tally, *, since_us: int, until_us: int
) -> None:
    names = [name for name, end_us in frame.ends.items() if since_us <= end_us < until_us]
    strata = by_stratum({name: frame.stratum(name) for name in names})
    drawn, counts = stratified(
        strata, parts.config.sample, rank=lambda trace: parts.keyring.keyed("sample", trace)
    )
    known = read_known(parts, [item.trace_id for item in drawn])
    allowed = _allowed(parts, known.values())
    collected = Collected()
    for item in drawn:
        found = known.get(item.trace_id)
        if found is None or not found.facts.shown.question.strip():
            collector.left_out["no question"] += 1
            continue
        link = link_of(found, values_of(*found), probability=item.probability, stratum=item.stratum)
        draft = case_of(found.facts, found.evidence, destination=SAMPLED_INTO)
        taken = collector.take(draft, rule=SAMPLE, allowed=allowed, link=link, into=collected)
        tally.sampled += taken is not None

    def work(tx: Write) -> tuple[int, int]:
        made = keep(tx, collected)
        rows = [DrawRow(since_us, until_us, name, all_, took, tx.now_us) for name, all_, took in counts]
        curation.draw(tx, rows or [DrawRow(since_us, until_us, "", 0, 0, tx.now_us)])
        fire(_IN_SAMPLE)
        return made

    items, links = parts.ledger.write(work)
    tally.items += items
    tally.linked += links


def keep(tx: Write, collected: Collected) -> tuple[int, int]:
    """Write items with their links and edges; returns how many items and links are new."""
    now = tx.now_us
    items = [
        row._replace(noticed_at_us=now, decided_at_us=None if row.state in curation.OPEN else now)
        for row in collected.items.values()
    ]
    links = [row._replace(linked_at_us=now) for row in collected.links]
    lineage.link(
        tx,
        [lineage.Edge(source=row.trace_id, target=row.item, activity="drafted_from") for row in links],
    )
    return curation.add(tx, items, links)


def link_of(
    known: Known, values: Mapping[str, Any], *, probability: float | None = None, stratum: str | None = None
) -> Link:
    """What ties a draft to its trace: why, and what speaks for a cause."""
    facts = known.facts
    told: dict[str, Any] = {
        "kind": facts.kind,
        "p_bad": round(known.evidence.p_bad, 4),
        "calibrated": known.evidence.calibrated,
        "signals": sorted(values["signal"]),
        "signal_ids": [row.id for row in known.evidence.signals],
        "seconds": round(facts.seconds, 3),
        "retrieved": len(facts.retrieved),
        "cited": list(facts.cited)[:5],
        "marked": list(facts.marked)[:5],
        "prompt": facts.prompt,
        "model": facts.model,
        "release": facts.release,
        "tools": list(facts.failed_tools)[:5],
        "stratum": stratum,
    }
    flags = ("failed", "unanswered", "uncited", "dead_letter", "schema_violation", "refused", "truncated")
    told |= {name: True for name in flags if values[name]}
    return Link(
        trace_id=facts.shown.trace_id,
        occurred_at_us=facts.shown.ended_ns // 1000,
        evidence={name: value for name, value in told.items() if value not in (None, [], False)},
        probability=probability,
    )


def _allowed(parts: CurationParts, known: Any) -> Allowed:
    people = {item.facts.subject for item in known}
    people |= {row.subject for item in known for row in item.evidence.signals}
    with parts.ledger.read() as conn:
        return allowed_among(conn, people, without_user=parts.anonymous_training)


def _end(
    parts: CurationParts,
    frame: Frame,
    collector: Collector,
    tally: _Tally,
    *,
    done: Mapping[str, int],
    seconds: float,
) -> CurationRun:
    figures = {"looked": tally.looked, "items": tally.items, "linked": tally.linked, **done}
    name = f"curation_{secrets.token_hex(8)}"

    def work(tx: Write) -> int:
        curation.forget_looked(tx, before_us=frame.since_us - parts.period_us)
        row = RunRow(
            id=name,
            started_at_us=frame.now_us,
            finished_at_us=tx.now_us,
            signals_until_us=frame.now_us,
            actor=parts.actor,
            counts=json.dumps(figures, sort_keys=True),
        )
        curation.finish(tx, row)
        counts = curation.counts(tx.conn)
        return sum(counts.get(state, 0) for state in curation.OPEN)

    waiting = parts.ledger.write(work)
    return CurationRun(
        run=name,
        looked=tally.looked,
        again=tally.again,
        matched=dict(sorted(tally.matched.items())),
        items=tally.items,
        linked=tally.linked,
        sampled=tally.sampled,
        repeated=collector.repeated,
        left_out=dict(sorted(collector.left_out.items())),
        delivered=done["delivered"],
        withdrawn=done["withdrawn"],
        waiting=waiting,
        seconds=round(seconds, 3),
    )
