"""`release promote` and `release rollback`: the whole bundle in one move of the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from headrace.errors import NotFoundError, RefConflict, UsageError, Withheld
from headrace.flows.prompts.labels import FROM_FILE
from headrace.flows.prompts.versions import label_ref
from headrace.flows.releases.finding import environments, find, serving, standing
from headrace.flows.releases.fitting import differing, missing
from headrace.flows.releases.skewing import drift_of
from headrace.ingest.sync.choosing import settings_of
from headrace.ledger import documents, generations, leases, refs, release_evidence
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.release_evidence import Move
from headrace.records.releases import ReleaseMove

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Write
    from headrace.ship.releases import Release

Kind = Literal["promote", "rollback"]

_BEFORE = {kind: declare(f"release.before_{kind}") for kind in ("promote", "rollback")}
_IN = {kind: declare(f"release.in_{kind}") for kind in ("promote", "rollback")}
_AFTER = {kind: declare(f"release.after_{kind}") for kind in ("promote", "rollback")}
_WAIT_SECONDS = 600.0


class _Plan(NamedTuple):
    kind: Kind
    environment: str
    former: Release | None
    chosen: Release
    evidence: Mapping[str, str]
    forced: Sequence[str]
    warnings: Sequence[str]
    reason: str


def promote(
    parts: ReleaseParts,
    word: str,
    *,
    to: str | None = None,
    force: bool = False,
    reason: str = "",
    expect: str | None = None,
) -> ReleaseMove:
    """Let a release serve in an environment, if every declared suite has passed on it.

    `expect` is what must serve there now. Raises Withheld without green evidence and where the release is not
    whole, unless forced with a reason; UsageError where it cannot serve at all; RefConflict.
    """
    _need_reason(force, reason)
    environment = to or parts.releases.environment
    with parts.ledger.read() as conn:
        chosen = find(parts, conn, word)
        former = parts.releases.of(environment).current(conn)
        _require_there(conn, chosen)
        _require_expected(parts, environment, former, expect)
        evidence, lacking = _evidence(parts, conn, chosen)
        problems = [*lacking, *differing(parts, chosen), *_behind(conn, former, chosen)]
        drifted = [
            f"{item.share:.0%} of corpus {item.corpus!r} changed since the evaluation"
            for item in drift_of(parts, conn, chosen)
            if item.drifted
        ]
    if problems and not force:
        raise Withheld(
            f"Release {chosen.digest!r} may not be promoted: {'; '.join(problems)}.",
            hint="headrace release check runs the suites; --force --reason TEXT goes on all the same.",
            release=chosen.digest,
        )
    why = f"promoted: {reason or _said(evidence)}"
    plan = _Plan("promote", environment, former, chosen, evidence, problems, drifted, why)
    return _move(parts, plan)


def rollback(
    parts: ReleaseParts,
    *,
    to: str | None = None,
    environment: str | None = None,
    force: bool = False,
    reason: str = "",
) -> ReleaseMove:
    """Let the release serve again that did before, or an earlier one: index, prompts, schemas and model.

    A move to what served before counts as a step back, so that two rollbacks go back twice. Raises UsageError
    where there is none or it cannot serve, Withheld where its documents are not in step, unless forced.
    """
    _need_reason(force, reason)
    name = environment or parts.releases.environment
    with parts.ledger.read() as conn:
        former = serving(parts, conn, name)
        served = [row.artifact for row in refs.history(conn, parts.releases.of(name).ref)]
        chosen = find(parts, conn, to or _before(name, served))
        if chosen.digest not in served:
            raise UsageError(
                f"Release {chosen.digest!r} never served in {name!r}.",
                hint=f"headrace release promote {chosen.digest} --to {name}",
            )
        _require_there(conn, chosen)
        evidence, lacking = _evidence(parts, conn, chosen)
        behind = list(_behind(conn, former, chosen))
    if behind and not force:
        raise Withheld(
            f"Release {chosen.digest!r} is not in step: {'; '.join(behind)}.",
            hint="`headrace sync` may bring it in step; --force --reason TEXT goes back all the same.",
            release=chosen.digest,
        )
    why = f"rollback: {reason}" if reason else "rollback"
    warnings = [*differing(parts, chosen), *(lacking if parts.suites else ())]
    return _move(parts, _Plan("rollback", name, former, chosen, evidence, behind, warnings, why))


def _move(parts: ReleaseParts, plan: _Plan) -> ReleaseMove:
    """Pointer, labels and states of generations in one transaction, under the leases of the corpora."""
    moving = _moving(plan.former, plan.chosen)
    if plan.forced:
        plan = plan._replace(reason=f"{plan.reason} (forced: {'; '.join(plan.forced)})")

    def work(tx: Write) -> bool:
        for lease in held:
            leases.check(tx, lease)
        moved = _point(parts, tx, plan)
        if moved:
            _require_there(tx.conn, plan.chosen)
            _label(parts, tx, plan)
            for corpus, (before, after) in moving.items():
                _switch(parts, tx, plan, before=before, after=after, configured=configured[corpus])
            fire(_IN[plan.kind])
        return moved

    configured = {corpus: _configured(parts, plan, corpus) for corpus in moving}
    with ExitStack() as stack:
        held: list[Lease] = [
            stack.enter_context(leases.held(parts.ledger, f"corpus/{corpus}", wait_seconds=_WAIT_SECONDS))
            for corpus in sorted(moving)
        ]
        fire(_BEFORE[plan.kind])
        moved = parts.ledger.write(work)
        fire(_AFTER[plan.kind])
    return ReleaseMove(
        environment=plan.environment,
        kind=plan.kind,
        release=plan.chosen.digest,
        former=None if plan.former is None else plan.former.digest,
        moved=moved,
        evidence=plan.evidence,
        forced=plan.forced,
        warnings=plan.warnings,
        reason=plan.reason,
    )


def _point(parts: ReleaseParts, tx: Write, plan: _Plan) -> bool:
    """Move the pointer from what was read to what was chosen; False where that decision stands already."""
    pointer = parts.releases.of(plan.environment)
    former = None if plan.former is None else plan.former.digest
    row = refs.read(tx.conn, pointer.ref)
    stands = row is not None and row.artifact == former == plan.chosen.digest
    if stands and row is not None and row.seq in release_evidence.moves_of(tx.conn, plan.environment):
        return False
    row = refs.move(
        tx,
        pointer.ref,
        plan.chosen.digest,
        expect=former,
        actor=parts.actor,
        reason=plan.reason,
        anew=True,  # what served by chance serves by decision now
    )
    release_evidence.moved(
        tx,
        Move(plan.environment, row.seq, plan.kind, plan.chosen.digest, former, plan.forced, plan.evidence),
    )
    return True


def _label(parts: ReleaseParts, tx: Write, plan: _Plan) -> None:
    """Point the labels of the environment to what it serves: they never say anything else."""
    for name, version in plan.chosen.prompts.items():
        label = label_ref(name, plan.environment)
        before = refs.read(tx.conn, label)
        anew = before is not None and before.reason == FROM_FILE
        refs.move(tx, label, version, actor=parts.actor, reason=f"release {plan.reason}", anew=anew)


def _configured(parts: ReleaseParts, plan: _Plan, corpus: str) -> Mapping[str, Any] | None:
    """What the configuration asks of a corpus; None where it is that of another environment, and not here."""
    if plan.environment != parts.releases.environment or corpus not in parts.corpora:
        return None
    return dict(parts.index().context(corpus).settings)


def _switch(
    parts: ReleaseParts,
    tx: Write,
    plan: _Plan,
    *,
    before: str | None,
    after: str,
    configured: Mapping[str, Any] | None,
) -> None:
    """The states of the two generations; one that serves in another environment stays live."""
    index, chosen = parts.index(), generations.get(tx.conn, after)
    former = None if before is None else generations.get(tx.conn, before)
    if chosen is None:
        raise NotFoundError("generation", after)
    if former is not None and not _serves_elsewhere(parts, tx.conn, plan.environment, former.id):
        until = tx.now_us + int(index.keep_retired.total_seconds() * 1_000_000)
        generations.set_state(
            tx,
            former.id,
            "retired",
            actor=parts.actor,
            reason=f"replaced by {plan.kind}",
            written_until_us=until,
        )
    if chosen.state != "live":
        generations.set_state(tx, after, "live", actor=parts.actor, reason=plan.reason)
    settings = settings_of(tx.conn, chosen)
    if configured is None:
        # The configuration of another environment asked for what it serves.
        configured = settings if former is None else settings_of(tx.conn, former)
    generations.choose_over(tx, after, None if settings == dict(configured) else configured)


def _serves_elsewhere(parts: ReleaseParts, conn: Connection, environment: str, generation: str) -> bool:
    others = (parts.releases.of(name).current(conn) for name in environments(conn) if name != environment)
    return any(
        part["generation"] == generation
        for release in others
        if release is not None
        for part in release.corpora.values()
    )


def _moving(former: Release | None, chosen: Release) -> dict[str, tuple[str | None, str]]:
    """Corpora whose generation changes: from which, to which."""
    served = {} if former is None else former.corpora
    return {
        corpus: (served.get(corpus, {}).get("generation"), part["generation"])
        for corpus, part in chosen.corpora.items()
        if served.get(corpus, {}).get("generation") != part["generation"]
    }


def _behind(conn: Connection, former: Release | None, chosen: Release) -> list[str]:
    """Corpora that serve now and are not in it, and those whose generation lacks documents that serve now."""
    served = {} if former is None else former.corpora
    found = [
        f"corpus {corpus!r} serves and is not in it" for corpus in served if corpus not in chosen.corpora
    ]
    for corpus, (before, after) in _moving(former, chosen).items():
        if before is None:
            continue
        covered = documents.coverage(conn, before, after)
        if not covered.whole:
            lacks = covered.serving - covered.current
            said = f"corpus {corpus!r} lacks {lacks} of {covered.serving} documents as they serve"
            found.append(said + (f" and holds {covered.ghosts} that do not" if covered.ghosts else ""))
    return found


def _evidence(parts: ReleaseParts, conn: Connection, release: Release) -> tuple[dict[str, str], list[str]]:
    """Verdict by suite, and what a declared suite lacks."""
    _, newest = standing(conn, release.digest, parts.suites)
    verdicts: dict[str, str] = {name: row.verdict for name, row in newest.items()}
    lacking = [
        f"suite {suite!r} was never run on it"
        if suite not in verdicts
        else f"suite {suite!r} says {verdicts[suite]}"
        for suite in parts.suites
        if verdicts.get(suite) != "pass"
    ]
    return verdicts, lacking


def _said(evidence: Mapping[str, str]) -> str:
    passed = [suite for suite, verdict in evidence.items() if verdict == "pass"]
    return f"passed {', '.join(sorted(passed))}" if passed else "no suite is declared"


def _require_there(conn: Connection, release: Release) -> None:
    problems = missing(conn, release)
    if problems:
        raise UsageError(
            f"Release {release.digest!r} cannot serve: {'; '.join(problems)}.",
            hint="`headrace release log` shows what else served; `headrace index build` makes a generation.",
        )


def _require_expected(
    parts: ReleaseParts, environment: str, former: Release | None, expect: str | None
) -> None:
    found = None if former is None else former.digest
    if expect is not None and expect != found:
        raise RefConflict(parts.releases.of(environment).ref, expected=expect, found=found)


def _before(environment: str, served: Sequence[str]) -> str:
    """What served before, where a return to an earlier one takes back what lay between."""
    line = refs.way_back(served)
    if len(line) < 2:
        raise UsageError(
            f"Nothing served in {environment!r} before {line[-1]}.",
            hint="Choose one with --to DIGEST; `headrace release log` shows them.",
        )
    return line[-2]


def _need_reason(force: bool, reason: str) -> None:
    if force and not reason.strip():
        raise UsageError("To force it needs a reason.", hint="Add --reason TEXT; it goes on record.")
