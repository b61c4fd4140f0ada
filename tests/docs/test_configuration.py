"""docs/configuration.md has every key and every variable, and what it shows is accepted."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.config.base import (
    AskConfig,
    BudgetConfig,
    CorpusConfig,
    IndexSettings,
    RecipeConfig,
    StorageConfig,
    WorkspaceConfig,
)
from headrace.config.erasure import BackupConfig, ErasureConfig
from headrace.config.features import FeatureConfig
from headrace.config.keeping import KeepConfig, KeepSpecial
from headrace.config.load import load_config
from headrace.config.release import ReleaseConfig
from headrace.config.traces import TracesConfig
from headrace.curate.curation.config import CoverageConfig, CurateConfig
from headrace.curate.curation.rules import RuleSpec
from headrace.curate.datasets.config import DatasetConfig, DatasetGates
from headrace.curate.evals.suite import EvalBudget, EvalsConfig, MetricGate, Suite
from headrace.errors import ConfigError
from headrace.infer.cache.config import CacheConfig
from headrace.infer.gateway.config import GatewayConfig
from headrace.infer.gateway.validators import ValidatorSpec
from headrace.infer.providers.config import ModelConfig
from headrace.infer.records.window import Support
from headrace.ingest.gates.declared import GateSpec
from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.sources.base import FilesConfig, RecordsConfig, SourceConfig, WebConfig
from headrace.ingest.sources.build import open_source
from headrace.ingest.steps.base import StepSpec
from headrace.ingest.validity.ranking import RankingConfig
from headrace.ledger.blobs import open_blobs
from headrace.observe.profiles.config import ProfileConfig
from headrace.observe.sessions.config import SessionConfig
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.vault.config import VaultConfig
from headrace.records.metadata import MetadataField
from tests.docs.pages import DOCS, ROOT, Block, blocks, code, read, section, tables

PAGE = DOCS / "configuration.md"

SECTIONS: dict[type, tuple[str, set[str]]] = {
    WorkspaceConfig: ("Top level", {"root", "file"}),
    CorpusConfig: ("`[corpus.NAME]`", {"name", "source_lines"}),
    RecipeConfig: ("`[corpus.NAME.recipe]`", set()),
    RankingConfig: ("`[corpus.NAME.ranking]`", set()),
    QualityConfig: ("`[corpus.NAME.quality]`", {"authority"}),
    BudgetConfig: ("`[corpus.NAME.budget]`", set()),
    StepSpec: ("`[[corpus.NAME.steps]]`", set()),
    GateSpec: ("`[[corpus.NAME.gates]]`", {"thresholds", "judge"}),
    AskConfig: ("`[ask]`", set()),
    IndexSettings: ("`[index]`", set()),
    ErasureConfig: ("`[erasure]`", set()),
    BackupConfig: ("`[[erasure.backups]]`", set()),
    PrivacyConfig: ("`[privacy]`", set()),
    GatewayConfig: ("`[gateway]`", set()),
    ValidatorSpec: ("`[[gateway.validators]]`", set()),
    SessionConfig: ("`[sessions]`", set()),
    ProfileConfig: ("`[profiles.NAME]`", set()),
    VaultConfig: ("`[vault]`", set()),
    CacheConfig: ("`[cache]`", set()),
    MetadataField: ("`[corpus.NAME.metadata.FIELD]`", {"name"}),
    Support: ("`[schemas.NAME]`", set()),
    ModelConfig: ("`[models.NAME]`", {"name"}),
    EvalsConfig: ("`[evals]`", set()),
    Suite: ("`[evals.NAME]`", {"name"}),
    EvalBudget: ("`[evals.NAME.budget]`", set()),
    MetricGate: ("`[evals.NAME.gates.METRIC]`", set()),
    DatasetConfig: ("`[datasets.NAME]`", set()),
    DatasetGates: ("`[datasets.NAME.gates]`", set()),
    FeatureConfig: ("`[features]`", set()),
    TracesConfig: ("`[traces]`", {"keep"}),
    KeepConfig: ("`[traces.keep]`", set()),
    KeepSpecial: ("`[traces.keep.service.NAME]`", set()),
    CurateConfig: ("`[curate]`", {"rules", "coverage"}),
    RuleSpec: ("`[[curate.rules]]`", set()),
    CoverageConfig: ("`[curate.coverage]`", set()),
    ReleaseConfig: ("`[release]`", set()),
    StorageConfig: ("`[storage]`", set()),
    FilesConfig: ('Keys of `type = "files"`', set()),
    RecordsConfig: ('Keys of `type = "records"`', set()),
    WebConfig: ('Keys of `type = "web"`', set()),
}
"""Where the keys of each class stand, and its fields that are no keys."""

RENAMED = {(WorkspaceConfig, "corpora"): "corpus", (EvalsConfig, "suites"): "NAME"}

EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted(DOCS.glob("*.md"))
    for number, block in enumerate(blocks(page, "toml"), start=1)
]


@pytest.mark.parametrize("config", SECTIONS, ids=lambda config: config.__name__)
def test_every_key_has_its_entry_and_no_other(config: type) -> None:
    title, hidden = SECTIONS[config]
    names = [RENAMED.get((config, item.name), item.name) for item in dataclasses.fields(config)]
    table = next(tables(section(PAGE, title)))
    assert sorted(code(row[0]) for row in table) == sorted(set(names) - hidden)
    for row in table:
        assert all(row), f"an empty cell: {row}"


def test_every_class_of_the_configuration_has_its_section() -> None:
    assert set(_classes(WorkspaceConfig)) | set(_classes(SourceConfig)) == set(SECTIONS)


def _classes(hint: Any) -> Iterator[type]:
    """The dataclasses that a type is made of."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
        for inner in typing.get_type_hints(hint).values():
            yield from _classes(inner)
    for inner in typing.get_args(hint):
        yield from _classes(inner)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_accepted(example: Block, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text(example.text, encoding="utf-8")
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", example.text), "secret")
    config = load_config(tmp_path, environment=variables)
    cache = open_blobs(f"file://{tmp_path / 'blobs'}")
    for corpus in config.corpora.values():
        for source in corpus.sources:
            open_source(source, root=tmp_path, cache=cache)


def test_the_defaults_of_storage_are_those_of_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text("", encoding="utf-8")
    storage = load_config(tmp_path, environment={}).storage
    for name, _, default, _ in next(tables(section(PAGE, "`[storage]`"))):
        shown = code(default.partition(",")[0])
        assert str(getattr(storage, code(name))).replace(f"{tmp_path}/", "") == shown


def test_the_defaults_of_a_corpus_are_those_of_a_bare_one(tmp_path: Path) -> None:
    text = '[corpus.a]\nsources = ["a"]\n[corpus.b]\nsources = ["b"]\naccess = { "*" = "x" }\n'
    (tmp_path / "headrace.toml").write_text(text, encoding="utf-8")
    config = load_config(tmp_path, environment={})
    assert config.environment == "production"
    assert config.corpora["a"].default_labels == ("public",)
    assert config.corpora["b"].default_labels == ()


def test_every_variable_of_the_environment_is_named() -> None:
    read_names: set[str] = set()
    for file in (ROOT / "src" / "headrace").rglob("*.py"):
        read_names |= set(re.findall(r"\bHEADRACE_[A-Z][A-Z_]*[A-Z]\b", file.read_text(encoding="utf-8")))
    read_names |= {f"HEADRACE_{item.name.upper()}" for item in dataclasses.fields(StorageConfig)}
    (table,) = tables(section(PAGE, "Environment variables"))
    named = {name for row in table for name in re.findall(r"`(HEADRACE_\w+)`", row[0])}
    assert named == read_names


def test_the_error_that_is_shown_is_the_error_that_comes(tmp_path: Path) -> None:
    (shown,) = (block.text for block in blocks(PAGE, "text") if block.section == "Errors")
    lines = ["[corpus.handbook]", 'sources = ["docs"]', "", "[corpus.handbook.recipe]"]
    lines += ['embedder = "hash"', "chunk_token = 100", ""]
    (tmp_path / "headrace.toml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environment={})
    message = caught.value.message.replace(f"{tmp_path}/", "")
    assert f"{message}\n{caught.value.hint}\n" == shown


def test_the_limits_of_the_hash_embedder_are_those_of_the_program() -> None:
    from headrace.infer.embedders.hash import DEFAULT_DIMENSION, LARGEST_DIMENSION, SMALLEST_DIMENSION

    said = f"{DEFAULT_DIMENSION} dimensions, or {SMALLEST_DIMENSION} to {LARGEST_DIMENSION}."
    assert said in read(PAGE)
