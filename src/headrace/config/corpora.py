"""Reads `[corpus.NAME]`: sources, recipe, access rules, declared metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headrace.config.base import AccessRule, BudgetConfig, CorpusConfig, RecipeConfig, SourceSpec
from headrace.config.gates import read_gates
from headrace.config.metadata import read_metadata
from headrace.config.probing import read_probe_floor, read_probes
from headrace.config.service import service_of
from headrace.config.steps import read_steps
from headrace.config.table import Table, kind_of, nearest
from headrace.errors import ConfigError
from headrace.infer.providers.config import ModelConfig
from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.sources.base import FilesConfig, RecordsConfig, SourceConfig, WebConfig
from headrace.ingest.sources.options import read_options
from headrace.ingest.validity.ranking import RankingConfig
from headrace.plugins import names as plugin_names

_SOURCE_TABLES: Mapping[str, type[SourceConfig]] = {
    "files": FilesConfig,
    "records": RecordsConfig,
    "web": WebConfig,
}
_SCHEMES = ("http", "https", "file")
_KEYS = (
    "access",
    "budget",
    "default_labels",
    "gates",
    "metadata",
    "probe_floor",
    "probes",
    "quality",
    "ranking",
    "recipe",
    "sentinels",
    "sources",
    "steps",
)


def read_corpus(table: Table, *, name: str, models: Mapping[str, ModelConfig]) -> CorpusConfig:
    """Read and check `[corpus.NAME]`. Raises ConfigError."""
    table.refuse_unknown(_KEYS)
    sources = _sources(table)
    access = _access(table.child("access"))
    default_labels: tuple[str, ...] = () if access else ("public",)
    if "default_labels" in table.values:
        default_labels = table.texts("default_labels")
    return CorpusConfig(
        name=name,
        sources=sources,
        source_lines=tuple(table.line("sources", index) for index in range(len(sources))),
        recipe=read_recipe(table.child("recipe"), models),
        gates=read_gates(table),
        steps=read_steps(table),
        access=access,
        default_labels=default_labels,
        metadata=read_metadata(table.child("metadata")),
        quality=_quality(table.child("quality")),
        ranking=table.child("ranking").fill(RankingConfig, given={}),
        budget=table.child("budget").fill(BudgetConfig, given={}),
        sentinels=table.texts("sentinels") if "sentinels" in table.values else (),
        probes=read_probes(table),
        probe_floor=read_probe_floor(table),
    )


def _sources(table: Table) -> tuple[SourceSpec, ...]:
    if "sources" not in table.values:
        raise table.error('needs the key `sources`, for example sources = ["docs"].')
    sources = table.values["sources"]
    if not isinstance(sources, list):
        raise table.error(f"must be a list, not {kind_of(sources)}.", "sources")
    if not sources:
        raise table.error("is empty: name at least one path, glob, URL or table.", "sources")
    for index, source in enumerate(sources):
        _check_source(table, index, source)
        if source in sources[:index]:
            raise table.error("is named twice in this corpus.", "sources", index)
    return tuple(sources)


def _check_source(table: Table, index: int, source: object) -> None:
    if isinstance(source, dict):
        _check_source_table(table, index, source)
    elif not isinstance(source, str) or not source.strip():
        raise table.error("must be a path, glob or URL as a text, or a table with `type`.", "sources", index)
    elif "://" in source and source.partition("://")[0].lower() not in _SCHEMES:
        allowed = ["a path", "a glob", *(f"{scheme}://…" for scheme in _SCHEMES)]
        raise table.error("has a scheme that no source reads.", "sources", index, allowed=allowed)


def _check_source_table(table: Table, index: int, source: Mapping[str, object]) -> None:
    kind = source.get("type")
    allowed = list(_SOURCE_TABLES) if kind in _SOURCE_TABLES else [*_SOURCE_TABLES, *plugin_names("source")]
    if kind is None:
        raise table.error("needs the key `type`.", "sources", index, allowed=allowed)
    if not isinstance(kind, str) or kind not in allowed:
        close = nearest(kind, allowed) if isinstance(kind, str) else None
        problem = f"is {kind!r}, which is not a type of source."
        raise table.error(problem, "sources", index, "type", allowed=allowed, nearest=close)
    service_of(source, lambda problem, key: table.error(problem, "sources", index, key))
    if kind not in _SOURCE_TABLES:
        return
    options = {key: value for key, value in source.items() if key != "type"}
    try:
        read_options(_SOURCE_TABLES[kind], options, where=f"a {kind} source")
    except ConfigError as error:
        key = str(error.details["key"])
        located = table.error(
            f"is wrong: {error.message}", "sources", index, *([key] if key in source else [])
        )
        located.hint = error.hint
        raise located from error


def _access(table: Table) -> tuple[AccessRule, ...]:
    return tuple((pattern, table.texts(pattern)) for pattern in table.values)


def _quality(table: Table) -> QualityConfig:
    authority = table.child("authority")
    trusted: dict[str, float] = {}
    for pattern in authority.values:
        value = authority.read(pattern, float)
        if not 0 <= value <= 1:
            raise authority.error(f"is out of range: {value}.", pattern, allowed=["0 to 1"])
        trusted[pattern] = value
    own = {key: value for key, value in table.values.items() if key != "authority"}
    rest = Table(values=own, path=table.path, file=table.file, lines=table.lines)
    return rest.fill(QualityConfig, given={"authority": trusted})


def read_recipe(table: Table, models: Mapping[str, ModelConfig]) -> RecipeConfig:
    """Read and check `[corpus.NAME.recipe]`. Raises ConfigError."""
    recipe = table.fill(RecipeConfig, given={})
    if "chunk_overlap" not in table.values:
        recipe = replace(recipe, chunk_overlap=min(recipe.chunk_overlap, recipe.chunk_tokens // 7))
    if recipe.chunk_overlap >= recipe.chunk_tokens:
        raise table.error(
            f"leaves nothing new in a chunk: {recipe.chunk_overlap} of {recipe.chunk_tokens} tokens overlap.",
            "chunk_overlap",
            allowed=["chunk_overlap less than chunk_tokens"],
        )
    _check_embedder(table, recipe.embedder, models)
    return recipe


def _check_embedder(table: Table, embedder: str, models: Mapping[str, ModelConfig]) -> None:
    provider, colon, model = embedder.partition(":")
    if embedder in ("minilm", "hash") or (provider == "hash" and model.isdecimal() and int(model) > 0):
        return
    if colon and model and (provider in models or provider == "openai"):
        return
    plugins = plugin_names("embedder")
    if provider in plugins:
        return
    providers = sorted({*models, "openai"})
    allowed = ["minilm", "hash", "hash:<dimension>", *plugins, *(f"{name}:<model>" for name in providers)]
    close = nearest(provider + colon, ["minilm", "hash", *plugins, *(f"{name}:" for name in providers)])
    close = f"{close}{model}" if close and close.endswith(":") else close
    problem = f"is {embedder!r}, which is not a known embedder."
    raise table.error(problem, "embedder", allowed=allowed, nearest=close)
