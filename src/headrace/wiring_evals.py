"""Golden sets and evals of a workspace: what can be evaluated, and what scorers may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.curate.evals.base import Scorer, Target
    from headrace.curate.evals.operations import EvalOperations
    from headrace.curate.evals.suite import Suite
    from headrace.curate.golden.operations import GoldenOperations
    from headrace.infer.gateway.gateway import Gateway
    from headrace.infer.gateway.outcome import CallOutcome
    from headrace.privacy.engine import Engine
    from headrace.wiring import Wiring


def golden_operations(wiring: Wiring) -> GoldenOperations:
    """What `workspace.golden` works with."""
    from headrace.curate.golden.operations import GoldenOperations
    from headrace.curate.golden.parts import GoldenParts
    from headrace.curate.golden.production import EventTraces

    parts = GoldenParts(
        ledger=wiring.ledger,
        engine=_engine(wiring),
        traces=EventTraces(events=wiring.events),
        root=wiring.config.root,
        actor=wiring.actor,
    )
    return GoldenOperations(parts=parts)


def eval_operations(wiring: Wiring) -> EvalOperations:
    """What `workspace.evals` works with."""
    from headrace.curate.evals.operations import EvalOperations
    from headrace.curate.evals.parts import EvalParts
    from headrace.flows.evals.opening import open_target

    config = wiring.config
    openers = {name: _bound(opener, wiring) for name, opener in _KINDS.items()}
    parts = EvalParts(
        ledger=wiring.ledger,
        config=config.evals,
        engine=_engine(wiring),
        target=lambda suite: open_target(suite, kinds=openers, root=config.root, python=config.evals.python),
        scorers=lambda suite: _scorers(wiring, suite),
        root=config.root,
        actor=wiring.actor,
    )
    return EvalOperations(parts=parts)


def _bound(opener: Callable[[Wiring, Suite, str], Target], wiring: Wiring) -> Callable[[Suite, str], Target]:
    from headrace.wiring_releases import evaluating

    return lambda suite, rest: opener(evaluating(wiring), suite, rest)


def _engine(wiring: Wiring) -> Callable[[], Engine] | None:
    return (lambda: wiring.privacy) if wiring.config.privacy.redact_events else None


def _scorers(wiring: Wiring, suite: Suite) -> Sequence[Scorer]:
    from headrace.curate.evals.scorers.building import ScorerParts, open_scorers
    from headrace.flows.evals.functions import load_function
    from headrace.infer.models.identity import model_identity
    from headrace.wiring_releases import evaluating

    config = wiring.config
    parts = ScorerParts(
        root=config.root,
        ask=lambda model, messages: _judged(evaluating(wiring), model, messages),
        judge_identity=lambda name: model_identity(name, models=config.models),
        embedder=lambda name: wiring._embedder(name or _embedder_of(wiring, suite)),
        function=lambda text: load_function(config.root, text, allowed=config.evals.python),
    )
    return open_scorers(suite.scorers, parts)


def _embedder_of(wiring: Wiring, suite: Suite) -> str:
    corpora = wiring.config.corpora
    name = suite.corpus or next(iter(corpora), None)
    return "minilm" if name is None else corpora[name].recipe.embedder


def _judged(wiring: Wiring, model: str, messages: Sequence[dict[str, str]]) -> CallOutcome:
    """A call to a judge: it is a call like any other, in nobody's cache."""
    from headrace.infer.gateway.base import CallRequest
    from headrace.infer.providers.portal import portal

    request = CallRequest(
        messages=messages,
        model=model,
        parameters={"temperature": 0},
        keep=False,
        budget=wiring.config.gateway.budget(),
    )
    return portal().run(_uncached(wiring).call(request))


def _uncached(wiring: Wiring) -> Gateway:
    return replace(wiring.gateway, cache=None)


def _prompt(wiring: Wiring, suite: Suite, rest: str) -> Target:
    from headrace.errors import UsageError
    from headrace.flows.evals.prompts import PromptTarget
    from headrace.infer.models.identity import model_identity

    if not rest:
        raise UsageError("Which prompt?", hint="Write prompt:NAME, prompt:NAME@LABEL or prompt:NAME@DIGEST.")
    name, _, word = rest.partition("@")
    if not word:
        wiring._prompts.release([name])
    resolved = wiring._prompts.resolve(rest, working_tree=not wiring.released_only)
    model = model_identity(resolved.model, models=wiring.config.models)
    identity: dict[str, Any] = {
        "kind": "prompt",
        "prompt": resolved.version.digest,
        "name": name,
        "model": model,
        "release": resolved.release,
    }
    return PromptTarget(
        calls=wiring._calls,
        gateway=_uncached(wiring),
        prompt=rest,
        identity=identity,
        models={resolved.model: model},
    )


def _ask(wiring: Wiring, suite: Suite, rest: str) -> Target:
    from headrace.flows.evals.asking import AskTarget
    from headrace.wiring_prompts import asked_model, asked_prompt

    corpus = wiring._corpus(suite.corpus)
    prompt = asked_prompt(wiring)
    model = wiring._model(corpus, asked_model(wiring, prompt))
    release = wiring.releases.pin(model=model.identity, prompt={"name": prompt.name, "digest": prompt.digest})
    identity = {"kind": "ask", "release": release, "k": suite.k, **served(wiring)}
    ask = getattr(wiring, "ask")  # noqa: B009 - an operation of the Workspace that this is
    return AskTarget(ask=ask, events=wiring.events, identity=identity, k=suite.k, corpus=corpus)


def _search(wiring: Wiring, suite: Suite, rest: str) -> Target:
    from headrace.flows.evals.asking import SearchTarget

    corpus = wiring._corpus(suite.corpus)
    with wiring.ledger.read() as conn:
        release = wiring.releases.current(conn)
    identity = {
        "kind": "search",
        "release": None if release is None else release.digest,
        "k": suite.k,
        "reranker": wiring.config.ask.reranker,
        "ranking": repr(wiring.config.corpora[corpus].ranking),
        **served(wiring),
    }
    search = getattr(wiring, "search")  # noqa: B009 - as above
    return SearchTarget(search=search, identity=identity, k=suite.k, corpus=corpus)


def _release(wiring: Wiring, suite: Suite, rest: str) -> Target:
    """`release:DIGEST`, `release:DIGEST/search` or `release:DIGEST/prompt:NAME`: a target as it is there.

    `current` is what serves, whatever of it stands in files.
    """
    from headrace.errors import UsageError
    from headrace.flows.evals.opening import open_target
    from headrace.wiring_releases import at_release

    name, _, target = rest.partition("/")
    target = target or "ask"
    if target.startswith(("http://", "https://")) or ".py:" in target:
        raise UsageError(
            f"The target {target!r} is not part of a release, so no release can be asked through it.",
            hint="Suites of releases ask `ask`, `search` or `prompt:NAME`.",
        )
    view = wiring if name in ("", "current") else at_release(wiring, name)
    inside = {kind: partial(opener, view) for kind, opener in _KINDS.items() if kind != "release"}
    # A label may point elsewhere; the release pins one version of each prompt.
    asked = replace(suite, target=target.partition("@")[0])
    return open_target(asked, kinds=inside, root=wiring.config.root, python=False)


_KINDS: Mapping[str, Callable[[Wiring, Suite, str], Target]] = {
    "ask": _ask,
    "search": _search,
    "prompt": _prompt,
    "release": _release,
}


def served(wiring: Wiring) -> dict[str, Any]:
    """The snapshots that are read: newer documents make another target."""
    from headrace.ledger import snapshots

    found = {}
    with wiring.ledger.read() as conn:
        for corpus in wiring.config.corpora:
            generation = wiring.releases.generation(conn, corpus)
            snapshot = snapshots.current(conn, generation) if generation else None
            found[corpus] = [generation, snapshot.seq if snapshot else None]
    return {"snapshots": found}
