"""From a scorer's name or table in the configuration to the scorer."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.curate.evals.base import Scorer
from headrace.curate.evals.scorers.citations import Citations
from headrace.curate.evals.scorers.contains import Contains
from headrace.curate.evals.scorers.exact import Exact
from headrace.curate.evals.scorers.json_schema import JsonSchema
from headrace.curate.evals.scorers.judge import Asked, Judge
from headrace.curate.evals.scorers.numeric import Numeric
from headrace.curate.evals.scorers.ranking import Ranking
from headrace.curate.evals.scorers.regex import Regex
from headrace.curate.evals.scorers.similarity import Similarity
from headrace.errors import ConfigError, HeadraceError
from headrace.ledger.identity import digest
from headrace.plugins import load, names

_PLAIN: Mapping[str, Callable[..., Scorer]] = {
    "citations": Citations,
    "contains": Contains,
    "exact": Exact,
    "json_schema": JsonSchema,
    "numeric": Numeric,
    "regex": Regex,
}
_RANKED = ("recall", "ndcg", "mrr")
BUILT_IN = (*sorted(_PLAIN), "judge", *_RANKED, "similarity")
"""Scorers that are always there; `FILE.py:NAME` of the workspace and plugins come beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerParts:
    """What scorers may need of a workspace."""

    root: Path
    ask: Asked
    judge_identity: Callable[[str], str]
    """From the name of a model to what names it and its version."""
    embedder: Callable[[str | None], Any]
    """From the name of an embedder, or None, to it."""
    function: Callable[[str], tuple[Any, str]]
    """From `FILE.py:NAME` to it, and the digest of its source. Raises ConfigError."""


def open_scorers(specs: Sequence[str | Mapping[str, Any]], parts: ScorerParts) -> list[Scorer]:
    """The scorers of a suite, each with a name of its own. Raises ConfigError."""
    made = [_open(spec, parts) for spec in specs]
    seen = [scorer.name for scorer in made]
    twice = next((name for name in seen if seen.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(
            f"Several scorers are called {twice!r}.", key="scorers", allowed=['{ type = "…", name = "…" }']
        )
    return made


def scorer_id(scorer: Scorer) -> str:
    """Name and version."""
    return f"{scorer.name}@{scorer.version}"


def _open(spec: str | Mapping[str, Any], parts: ScorerParts) -> Scorer:
    given = {"type": spec} if isinstance(spec, str) else dict(spec)
    kind = str(given.pop("type", ""))
    base, _, depth = kind.partition("@")
    if base in _RANKED:
        k = given.pop("k", int(depth) if depth.isdigit() else 10)
        name = given.pop("name", f"{base}@{k}")
        return _made(kind, Ranking, {**given, "measure": base, "k": k, "name": name, "version": "1"})
    if kind in _PLAIN:
        settings = {key: value for key, value in given.items() if key != "name"}
        version = "1" if not settings else f"1-{digest('scorer', settings)[-6:]}"
        return _made(kind, _PLAIN[kind], {**given, "version": version})
    if kind == "judge":
        return _judge(given, parts)
    if kind == "similarity":
        wanted = given.pop("embedder", None)
        embedder = parts.embedder(wanted)
        return _made(
            kind,
            Similarity,
            {**given, "embedder": lambda: embedder, "version": embedder.fingerprint[-8:]},
        )
    if ".py:" in kind:
        function, source = parts.function(kind)
        return _own(kind, function, given, source)
    if kind in names("scorer"):
        return _own(kind, load("scorer", kind), given, "")
    allowed = [*BUILT_IN, "evals/FILE.py:NAME", *names("scorer")]
    raise ConfigError(f"There is no scorer {kind!r}.", key="scorers", allowed=allowed)


def _judge(given: dict[str, Any], parts: ScorerParts) -> Scorer:
    for key in ("rubric", "model"):
        if not isinstance(given.get(key), str):
            raise ConfigError(f"A judge needs `{key}`.", key="scorers", allowed=["a rubric or its file"])
    rubric = str(given["rubric"])
    file = parts.root / rubric
    if "\n" not in rubric and rubric.endswith((".md", ".txt")):
        if not file.is_file():
            raise ConfigError(f"There is no rubric {rubric!r} in the workspace.", key="rubric")
        rubric = file.read_text(encoding="utf-8")
    identity = parts.judge_identity(str(given["model"]))
    version = digest("judge", [identity, rubric, given.get("top", 4), 1])[-8:]
    return _made("judge", Judge, {**given, "rubric": rubric, "ask": parts.ask, "version": version})


def _made(kind: str, made: Callable[..., Scorer], given: Mapping[str, Any]) -> Scorer:
    allowed = sorted(inspect.signature(made).parameters)
    unknown = [key for key in given if key not in allowed]
    if unknown:
        hidden = {"ask", "unit", "binary", "costs", "version", "measure"}
        shown = [name for name in allowed if name not in hidden]
        raise ConfigError(f"The scorer {kind!r} has no {unknown[0]!r}.", key="scorers", allowed=shown)
    try:
        return made(**given)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"The scorer {kind!r} is wrong: {error}.", key="scorers") from error


def _own(kind: str, made: Any, given: Mapping[str, Any], source: str) -> Scorer:
    """A class or function that makes a scorer, a scorer, or a plain function of a `ScoreInput`."""
    try:
        scorer = made(**given) if inspect.isclass(made) or given else made
    except HeadraceError:
        raise
    except Exception as error:
        raise ConfigError(f"{kind!r} failed: {type(error).__name__}: {error}", key="scorers") from error
    if not isinstance(scorer, Scorer):
        if not callable(scorer):
            raise ConfigError(f"{kind!r} is no scorer.", key="scorers", allowed=["a class with score()"])
        return FunctionScorer(
            name=getattr(scorer, "__name__", kind), version=source[-8:] or "1", function=scorer
        )
    return scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionScorer:
    """A function that takes a `ScoreInput` and gives a number in 0…1, a truth value, None or a Score."""

    name: str
    version: str
    function: Callable[[Any], Any]
    unit: bool = True
    binary: bool = False
    costs: bool = False

    def score(self, given: Any) -> Any:
        """What the function says."""
        from headrace.curate.evals.base import Score

        value = self.function(given)
        return value if isinstance(value, Score) else Score(value=None if value is None else float(value))


def settings_of(scorer: Scorer) -> dict[str, Any]:
    """What of a scorer is shown beside a run."""
    if not dataclasses.is_dataclass(scorer):
        return {}
    hidden = ("ask", "embedder", "function", "rubric")
    found = {item.name: getattr(scorer, item.name) for item in dataclasses.fields(scorer)}
    return {key: value for key, value in found.items() if key not in hidden}
