"""Releases of a workspace: what their operations work with, and the workspace as it is at one of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from headrace.config.base import WorkspaceConfig
    from headrace.flows.loop.operations import LoopOperations
    from headrace.flows.loop.parts import LoopStep
    from headrace.flows.releases.evaluating import Gate
    from headrace.flows.releases.operations import ReleaseOperations
    from headrace.flows.releases.parts import Asking, ReleaseEvaluator, ReleaseParts, RequestSource
    from headrace.ingest.search.retrieve import Retriever
    from headrace.records.sync import SyncReport
    from headrace.ship.releases import Release
    from headrace.wiring import Wiring

    Opened = TypeVar("Opened", bound=Wiring)


def release_operations(wiring: Wiring) -> ReleaseOperations:
    """The operations, over the configuration as it is."""
    from headrace.flows.releases.operations import ReleaseOperations

    return ReleaseOperations(parts=release_parts(wiring))


def release_parts(wiring: Wiring) -> ReleaseParts:
    """What `workspace.release` works with."""
    from headrace.flows.releases.parts import ReleaseParts

    config = wiring.config
    return ReleaseParts(
        ledger=wiring.ledger,
        releases=wiring.releases,
        events=lambda: wiring.events,
        prompts=wiring._prompts.parts,
        index=lambda: wiring._index_parts,
        asking=partial(_asking, wiring),
        policy=partial(policy_of, config),
        features=partial(_features, config),
        corpora=list(config.corpora),
        suites=config.release.suites,
        margins=config.release.margins,
        data_drift=config.release.data_drift,
        retriever=partial(_retriever_at, wiring),
        evaluator=partial(_evaluator, wiring),
        actor=wiring.actor,
        sources=partial(_sources, wiring),
    )


def loop_operations(wiring: Wiring, *, sync: Callable[[str], SyncReport]) -> LoopOperations:
    """What `workspace.loop` works with."""
    from headrace.flows.loop.operations import LoopOperations
    from headrace.flows.loop.parts import LoopParts
    from headrace.flows.loop.rooms import CurateStep
    from headrace.wiring_curation import curation_operations

    parts = LoopParts(
        ledger=wiring.ledger,
        environment=wiring.config.environment,
        corpora=list(wiring.config.corpora),
        sync=sync,
        releases=release_operations(wiring),
        curate=CurateStep(curation=curation_operations(wiring)),
        evaluate=_eval_step(wiring),
        actor=wiring.actor,
    )
    return LoopOperations(parts=parts)


def _eval_step(wiring: Wiring) -> LoopStep | None:
    """Suites that no release has to pass; None where there are none."""
    from headrace.flows.loop.rooms import EvalStep

    suites = [name for name in wiring.config.evals.suites if name not in wiring.config.release.suites]
    if not suites:
        return None
    return EvalStep(evals=wiring._evals, suites=suites, state=partial(_evaluated, wiring, suites))


def _evaluated(wiring: Wiring, suites: Sequence[str]) -> Mapping[str, Any]:
    """What outputs of these suites depend on: their cases, and what serves."""
    from headrace.ledger import golden
    from headrace.wiring_evals import served

    sets = {wiring.config.evals.suites[name].golden for name in suites}
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
        versions = {
            name: found and found[0] for name in sorted(sets) if (found := golden.version(conn, name))
        }
    return {"golden": versions, "release": None if release is None else release.digest, **served(wiring)}


def policy_of(config: WorkspaceConfig) -> dict[str, Any]:
    """What is done with personal data, as a value: lists of names by the digest of their files."""
    from headrace.ledger.identity import digest_bytes

    privacy = dataclasses.asdict(config.privacy)
    for key in ("people", "organizations"):
        files = (config.root / name for name in privacy[key])
        privacy[key] = [digest_bytes("list", file.read_bytes()) for file in files if file.is_file()]
    return {"privacy": _listed(privacy), "vault": _listed(dataclasses.asdict(config.vault))}


def at_release(workspace: Opened, digest: str) -> Opened:
    """The same workspace under one release, which must be had exactly as it is pinned. Raises UsageError."""
    from headrace.flows.releases.checking import require_whole
    from headrace.flows.releases.finding import find
    from headrace.flows.releases.marking import PinnedPrompts
    from headrace.ship.pinned import PinnedReleases

    parts = release_parts(workspace)
    with workspace.ledger.read() as conn:
        release = find(parts, conn, digest)
        require_whole(parts, conn, release)

    def pin(view: Opened) -> None:
        environment = workspace.config.environment
        view.__dict__["releases"] = PinnedReleases(
            workspace.ledger, release, environment=environment, actor=workspace.actor
        )
        view.released_only = True
        calls = view._calls
        view.__dict__["_calls"] = dataclasses.replace(calls, prompts=PinnedPrompts(calls.prompts, release))

    return _view(workspace, release.digest, pin)


def evaluating(workspace: Opened) -> Opened:
    """The same workspace as it serves, for calls that are no traffic."""

    def follow(view: Opened) -> None:
        view.__dict__["releases"] = workspace.releases
        view.released_only = workspace.released_only

    return _view(workspace, "", follow)


def _view(workspace: Opened, name: str, change: Callable[[Opened], None]) -> Opened:
    """A workspace over the same stores whose calls are marked, kept by name; it lives as long as this one."""
    from headrace.flows.releases.marking import MarkedEvents
    from headrace.infer.cache.config import CacheConfig

    with workspace._lock:
        known: dict[str, Opened] = workspace.__dict__.setdefault("_views", {})
        view = known.get(name)
        if view is None:
            # What was answered before must not stand in for an answer that is judged.
            config = dataclasses.replace(workspace.config, cache=CacheConfig(exact=False, semantic=False))
            view = known[name] = type(workspace)(config)
            view._embedders, view._stores = workspace._embedders, workspace._stores
            view.__dict__.update({"ledger": workspace.ledger, "_pool": workspace._pool})
            view.__dict__["events"] = MarkedEvents(workspace.events)
            change(view)
            workspace._closers.append(partial(_close, view))
        return view


def _close(view: Wiring) -> None:
    """Close what a view opened for itself."""
    closers, view._closers = view._closers[::-1], []
    for closer in closers:
        closer()


def _asking(wiring: Wiring) -> Asking:
    from headrace.flows.releases.parts import Asking
    from headrace.wiring_prompts import configured_model

    config = wiring.config.ask
    prompt = wiring._prompt
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
    if release is not None and config.prompt in release.prompts:
        prompt = wiring._prompts.resolve(config.prompt).prompt
    return Asking(prompt, configured_model(wiring, prompt), config.k, config.reranker)


def _features(config: WorkspaceConfig) -> Mapping[str, str]:
    from headrace.config.features import read_views

    return {name: view.digest for name, view in read_views(config.root, config.features).items()}


def _retriever_at(wiring: Wiring, release: Release) -> Retriever:
    from headrace.ingest.search.snapshot import Snapshots

    def pointer(_: Any, corpus: str) -> tuple[str | None, str | None]:
        return release.digest, release.corpora.get(corpus, {}).get("generation")

    return dataclasses.replace(wiring._retriever, snapshots=Snapshots(wiring.ledger, pointer=pointer))


def _evaluator(wiring: Wiring) -> ReleaseEvaluator:
    """What runs the suites of evals on a release: each with its own target, as it is there."""
    from headrace.flows.releases.evaluating import GateEvaluator

    def gate(suite: str, digest: str, baseline: str | None) -> Gate:
        declared = wiring.config.evals.suites.get(suite)
        target = "ask" if declared is None else declared.target
        return wiring._evals.gate(suite, target=f"release:{digest}/{target}", baseline=baseline)

    return GateEvaluator(release_parts(wiring), gate)


def _sources(wiring: Wiring) -> Mapping[str, RequestSource]:
    """Where requests of training rows are read; those of eval cases are spans like what served."""
    from headrace.flows.releases.training import TrainingRows
    from headrace.wiring_datasets import dataset_operations

    rows = TrainingRows(datasets=dataset_operations(wiring), events=wiring.events, ledger=wiring.ledger)
    return {"training": rows}


def _listed(value: Any) -> Any:
    """Tuples as lists, so that a stored value is the value."""
    if isinstance(value, Mapping):
        return {str(key): _listed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value
