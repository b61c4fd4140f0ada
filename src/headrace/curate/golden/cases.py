"""Add, change and show the cases of golden sets; each change of one is an event with its reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from headrace.curate.golden.cleaning import cleaned
from headrace.curate.golden.parts import GoldenParts
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import golden, lineage
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.golden import CaseRow, Content
from headrace.ledger.identity import digest
from headrace.records.golden import (
    CaseEvent,
    CaseInput,
    CasePart,
    CaseState,
    GoldenCase,
    GoldenChange,
    GoldenList,
)
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

STATES: tuple[CaseState, ...] = get_args(CaseState)
PARTS: tuple[CasePart, ...] = get_args(CasePart)
_IN_TRANSACTION = declare("golden.in_transaction")
_COMMITTED = declare("golden.committed")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NEXT: dict[str, tuple[str, ...]] = {
    "draft": ("active", "retired"),
    "active": ("flaky", "retired"),
    "flaky": ("active", "retired"),
    "retired": ("active",),
}
"""From a state to those that may follow."""


def add(
    parts: GoldenParts,
    given: Sequence[CaseInput],
    *,
    set_name: str,
    accept: bool = False,
    reason: str = "",
    period: str | None = None,
) -> GoldenChange:
    """Add cases as drafts, or active with `accept`; one that is there with other content is changed.

    Doing it twice is the same as once. Raises UsageError for what is no case, and for another content of an
    anchor case, which is frozen.
    """
    check_set(set_name)
    counts: Counter[str] = Counter()
    made = [_checked(parts, item, counts) for item in given]
    twice = [key for key, number in Counter(item.key for item in made).items() if number > 1]
    if twice:
        raise UsageError(f"Several cases have the key {twice[0]!r}.", hint="Give each a key of its own.")

    def work(tx: Write) -> GoldenChange:
        before = {row.key: row for row in golden.cases(tx.conn, set_name)}
        rows, added, changed, same = [], [], [], []
        for item in made:
            row = row_of(item, set_name, before.get(item.key), accept=accept, now_us=tx.now_us, period=period)
            if item.key not in before:
                added.append(item.key)
            elif row == before[item.key]:
                same.append(item.key)
                continue
            else:
                _refuse_frozen(before[item.key], row)
                changed.append(item.key)
            rows.append(row)
        golden.put_contents(tx, (content_of(item) for item in made))
        golden.put_cases(tx, rows, actor=parts.actor, reason=reason or "added")
        _link(tx, rows)
        fire(_IN_TRANSACTION)
        return GoldenChange(
            set=set_name,
            version=golden.version_of(golden.cases(tx.conn, set_name))[0],
            added=tuple(added),
            changed=tuple(changed),
            unchanged=tuple(same),
            redacted=dict(sorted(counts.items())),
        )

    change = parts.ledger.write(work)
    fire(_COMMITTED)
    return change


def move(
    parts: GoldenParts, keys: Sequence[str], *, set_name: str, state: CaseState, reason: str
) -> GoldenChange:
    """Put cases into another state: accept drafts, retire what is outdated, bring back what was flaky.

    Raises NotFoundError, UsageError for a state that cannot follow, and without a reason to retire.
    """
    if state == "retired" and not reason.strip():
        raise UsageError("Why does it go? A case is retired with a reason.", hint='Add --reason "…".')

    def work(tx: Write) -> GoldenChange:
        rows, same = [], []
        for key in dict.fromkeys(keys):
            row = found(tx.conn, set_name, key)
            if row.state == state:
                same.append(key)
                continue
            if state not in _NEXT[row.state]:
                allowed = ", ".join(_NEXT[row.state])
                raise UsageError(f"Case {key!r} is {row.state}: it can become {allowed}, not {state}.")
            rows.append(row._replace(state=state))
        golden.put_cases(tx, rows, actor=parts.actor, reason=reason or state)
        fire(_IN_TRANSACTION)
        return GoldenChange(
            set=set_name,
            version=golden.version_of(golden.cases(tx.conn, set_name))[0],
            changed=tuple(row.key for row in rows),
            unchanged=tuple(same),
        )

    change = parts.ledger.write(work)
    fire(_COMMITTED)
    return change


def edit(
    parts: GoldenParts, key: str, changes: dict[str, Any], *, set_name: str, reason: str
) -> GoldenChange:
    """Change what is given of a case, by the names of `CaseInput`; the former content stays in its past.

    Raises NotFoundError, UsageError.
    """
    with parts.ledger.read() as conn:
        row = found(conn, set_name, key)
        content = golden.contents(conn, [row.case_id])[row.case_id]
    before = _input_of(row, content)
    return add(parts, [replace(before, **changes)], set_name=set_name, reason=reason or "edited")


def show(parts: GoldenParts, key: str, *, set_name: str) -> GoldenCase:
    """One case with its life. Raises NotFoundError."""
    with parts.ledger.read() as conn:
        row = found(conn, set_name, key)
        content = golden.contents(conn, [row.case_id])[row.case_id]
        past = golden.events(conn, set_name, key)
    events = tuple(
        CaseEvent(
            state=item.state,  # type: ignore[arg-type]  # only these are written
            case=item.case_id,
            actor=item.actor,
            reason=item.reason,
            at=rfc3339(item.at_us),
        )
        for item in past
    )
    return replace(case_of(row, content), events=events)


def listed(
    parts: GoldenParts, *, set_name: str, state: str | None = None, part: str | None = None
) -> GoldenList:
    """The cases of a set. Raises NotFoundError for a set that is not there."""
    with parts.ledger.read() as conn:
        rows = golden.cases(conn, set_name)
        if not rows:
            known = sorted(golden.sets(conn))
            raise NotFoundError(
                "golden set", set_name, known=known, hint="`headrace eval case add` makes one."
            )
        shown = [row for row in rows if state in (None, row.state) and part in (None, row.part)]
        kept = golden.contents(conn, [row.case_id for row in shown])
    return GoldenList(
        set=set_name,
        version=golden.version_of(rows)[0],
        counts=dict(sorted(Counter(row.state for row in rows).items())),
        parts=dict(sorted(Counter(row.part for row in rows if row.state == "active").items())),
        cases=tuple(case_of(row, kept[row.case_id]) for row in shown),
    )


def case_of(row: CaseRow, content: Content) -> GoldenCase:
    """The record of a case."""
    return GoldenCase(
        set=row.set_name,
        key=row.key,
        case=row.case_id,
        inputs=content.inputs,
        expected=content.expected,
        tags=tuple(json.loads(row.tags)),
        group=row.group_name,
        state=row.state,  # type: ignore[arg-type]  # only these are written
        part=row.part,  # type: ignore[arg-type]
        half=row.half,  # type: ignore[arg-type]
        must_pass=bool(row.must_pass),
        owner=row.owner,
        provenance=json.loads(row.provenance),
        period=row.period,
        flake_rate=row.flake_rate,
        added_at=rfc3339(row.added_at_us),
    )


def found(conn: Any, set_name: str, key: str) -> CaseRow:
    """A case by its key. Raises NotFoundError."""
    row = golden.case(conn, set_name, key)
    if row is None:
        known = [item.key for item in golden.cases(conn, set_name)]
        raise NotFoundError("case", key, known=known, hint=f"`headrace eval case list --set {set_name}`.")
    return row


def check_set(name: str) -> str:
    """The name of a set. Raises UsageError for what can be none."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a golden set.",
            hint="Allowed: letters, digits, '.', '_' and '-', at most 64, a letter or digit first.",
        )
    return name


def content_of(item: CaseInput) -> Content:
    """The content of a case, named by its digest."""
    name = digest("case", {"inputs": dict(item.inputs), "expected": item.expected, "group": item.group})
    return Content(name, item.inputs, item.expected)


def row_of(
    item: CaseInput,
    set_name: str,
    before: CaseRow | None,
    *,
    accept: bool,
    now_us: int,
    period: str | None = None,
) -> CaseRow:
    """The row of a case; what is there keeps its state, its month and the day it came."""
    state = before.state if before else "draft"
    trace = item.provenance.get("trace")
    subject = item.provenance.get("subject")
    return CaseRow(
        set_name=set_name,
        key=item.key,
        case_id=content_of(item).case_id,
        state="active" if accept else state,
        part=item.part,
        half=half_of(set_name, item.key),
        must_pass=int(item.must_pass),
        owner=item.owner,
        group_name=item.group,
        tags=json.dumps(sorted(set(item.tags))),
        provenance=json.dumps(dict(item.provenance), sort_keys=True),
        trace_id=trace if isinstance(trace, str) else None,
        subject=subject if isinstance(subject, str) else None,
        period=before.period if before else period,
        flake_rate=before.flake_rate if before else None,
        added_at_us=before.added_at_us if before else now_us,
    )


def half_of(set_name: str, key: str) -> str:
    """`dev` or `held_out`: a coin that falls the same way every time."""
    return "dev" if ord(digest("half", [set_name, key])[-1]) % 2 else "held_out"


def _input_of(row: CaseRow, content: Content) -> CaseInput:
    return CaseInput(
        key=row.key,
        inputs=content.inputs,
        expected=content.expected,
        tags=tuple(json.loads(row.tags)),
        group=row.group_name,
        provenance=json.loads(row.provenance),
        must_pass=bool(row.must_pass),
        part=row.part,  # type: ignore[arg-type]  # only these are written
        owner=row.owner,
    )


def _checked(parts: GoldenParts, item: CaseInput, counts: Counter[str]) -> CaseInput:
    if not item.key.strip() or len(item.key) > 200 or any(ord(char) < 32 for char in item.key):
        raise UsageError(f"{item.key!r} cannot be the key of a case: 1 to 200 characters on one line.")
    if not isinstance(item.inputs, dict) or not item.inputs:
        raise UsageError(
            f"Case {item.key!r} has no inputs.", hint='Give a JSON object, such as {"question": "…"}.'
        )
    if item.part not in PARTS:
        raise UsageError(f"Case {item.key!r} is of part {item.part!r}. Allowed: {', '.join(PARTS)}.")
    try:
        json.dumps([item.inputs, item.expected, item.provenance], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"Case {item.key!r} is not JSON: {error}.") from error
    return replace(
        item,
        inputs=cleaned(parts.engine, item.inputs, counts),
        expected=cleaned(parts.engine, item.expected, counts),
        provenance=cleaned(None, item.provenance, counts),
    )


def _refuse_frozen(before: CaseRow, after: CaseRow) -> None:
    if before.part == "anchor" and before.state != "draft" and before.case_id != after.case_id:
        raise UsageError(
            f"Case {before.key!r} is of the anchor, which is frozen: scores would not compare.",
            hint="Retire it with a reason, and add another under a new key.",
        )


def _link(tx: Write, rows: Iterable[CaseRow]) -> None:
    edges = [
        lineage.Edge(source=row.trace_id, target=row.case_id, activity="became_case")
        for row in rows
        if row.trace_id is not None
    ]
    lineage.link(tx, edges)
