"""What a workspace is configured to be: one frozen class per table of headrace.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.config.erasure import ErasureConfig
from headrace.config.features import FeatureConfig
from headrace.config.release import ReleaseConfig
from headrace.config.traces import TracesConfig
from headrace.curate.curation.config import CurateConfig
from headrace.curate.datasets.config import DatasetConfig
from headrace.curate.evals.suite import EvalsConfig
from headrace.infer.cache.config import CacheConfig
from headrace.infer.embedders.budget import Budget, parse_money
from headrace.infer.gateway.config import GatewayConfig
from headrace.infer.providers.config import ModelConfig
from headrace.infer.records.window import Support
from headrace.ingest.gates.declared import GateSpec
from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.steps.base import StepSpec
from headrace.ingest.validity.ranking import RankingConfig
from headrace.observe.profiles.config import ProfileConfig
from headrace.observe.sessions.config import SessionConfig
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.vault.config import VaultConfig
from headrace.records.metadata import MetadataField

FILE_NAME = "headrace.toml"
"""The file whose presence makes a folder a workspace."""

STATE_FOLDER = ".headrace"
"""Where a workspace keeps its state, unless `[storage]` says otherwise."""

DEFAULT_ENVIRONMENT = "production"
"""The environment of a workspace that names none."""

SourceSpec = str | Mapping[str, Any]
"""A path, glob or URL, or a table with `type` and the keys of that type."""

AccessRule = tuple[str, tuple[str, ...]]
"""A pattern over document URIs and the labels it gives."""

_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeConfig:
    """`[corpus.NAME.recipe]`: how documents become chunks and vectors."""

    chunk_tokens: int = field(default=224, metadata={"minimum": 16, "maximum": 32_768})
    """Most tokens in a chunk, counted with the embedder's tokenizer."""
    chunk_overlap: int = field(default=32, metadata={"minimum": 0})
    """Tokens that neighbours share; less than `chunk_tokens`. If not given, at most a seventh."""
    embedder: str = "minilm"
    """`minilm`, `hash`, `hash:<dimension>` or `<provider>:<model>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetConfig:
    """`[corpus.NAME.budget]`: what one run may spend on embeddings and on steps."""

    tokens: int | None = field(default=None, metadata={"minimum": 1})
    """Most tokens a run has embedded."""
    money: str | None = None
    """Most money a run spends on embeddings, such as `2.50 EUR`; in the `currency` of their model."""
    step_tokens: int | None = field(default=None, metadata={"minimum": 1})
    """Most tokens that the models of [steps](steps.md) read and write in a run."""
    step_money: str | None = None
    """Most money a run spends on steps; in the `currency` of their models."""

    def limits(self) -> Budget:
        """The budget of a run. Raises ValueError for an amount that is none."""
        if self.money is None:
            return Budget(tokens=self.tokens)
        micro, currency = parse_money(self.money)
        return Budget(tokens=self.tokens, money_micro=micro, currency=currency)

    def step_limits(self) -> Budget:
        """The budget of the steps of a run. Raises ValueError for an amount that is none."""
        if self.step_money is None:
            return Budget(tokens=self.step_tokens)
        micro, currency = parse_money(self.step_money)
        return Budget(tokens=self.step_tokens, money_micro=micro, currency=currency)

    def __post_init__(self) -> None:
        self.limits()
        self.step_limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConfig:
    """`[corpus.NAME]`: a named set of sources and a recipe."""

    name: str
    sources: tuple[SourceSpec, ...]
    """In the order of the file."""
    source_lines: tuple[int, ...] = ()
    """Line of headrace.toml on which each source stands."""
    recipe: RecipeConfig = RecipeConfig()
    gates: tuple[GateSpec, ...] = ()
    """`[[corpus.NAME.gates]]`, in the order of the file."""
    steps: tuple[StepSpec, ...] = ()
    """`[[corpus.NAME.steps]]`, in the order of the file."""
    access: tuple[AccessRule, ...] = ()
    """`[corpus.NAME.access]`, in the order of the file: the first pattern that matches a document decides."""
    default_labels: tuple[str, ...] = ("public",)
    """Labels of documents that no rule matches: `public` without rules, nobody's with rules, unless given."""
    metadata: tuple[MetadataField, ...] = ()
    """`[corpus.NAME.metadata.FIELD]`: the fields that documents are declared to have."""
    ranking: RankingConfig = field(default_factory=RankingConfig)
    """`[corpus.NAME.ranking]`: what documents lose that no longer hold."""
    quality: QualityConfig = field(default_factory=QualityConfig)
    """`[corpus.NAME.quality]`: how far quality counts in the ranking."""
    budget: BudgetConfig = BudgetConfig()
    sentinels: tuple[str, ...] = ()
    """Texts of the user's own beside the built-in ones by which a changed embedder is noticed."""
    probes: int | None = None
    """Known-answer probes after a sync; None means 20 for an embedder that runs here, 0 for others."""
    probe_floor: float = 0.8
    """Share of probes that must find their document; below it the sync warns."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StorageConfig:
    """`[storage]`: where state lives. URLs may hold passwords, so they never show in a repr."""

    ledger: str
    """SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`."""
    events: str
    """A folder of one SQLite file per day as `sqlite:///<folder>`, or a PostgreSQL URL."""
    index: str
    """An absolute path, or the URL of an object store."""
    blobs: str
    """An fsspec URL."""
    online: str
    """`sqlite:///…` or `redis://…`."""

    def __repr__(self) -> str:
        shown = (f"{name}={without_credentials(getattr(self, name))!r}" for name in self.__slots__)
        return f"StorageConfig({', '.join(shown)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskConfig:
    """`[ask]`: how questions are answered."""

    model: str = "extractive"
    """`extractive`, or the NAME of a `[models.NAME]` table."""
    prompt: str = "answer"
    """Name of a file under `prompts/`, without `.md`."""
    k: int = field(default=6, metadata={"minimum": 1, "maximum": 200})
    """Chunks given to the model."""
    reranker: str | None = None
    """NAME of a `[models.NAME]` table that reorders the chunks found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """`[index]`: how generations are kept and compared."""

    keep_retired: str = "7d"
    """How long a generation that was replaced is kept in step, so that `index rollback` is not stale."""
    golden: str | None = None
    """Questions with the documents that answer them, for `index compare`; `golden.jsonl` if it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceConfig:
    """Everything headrace.toml says, with defaults filled in."""

    root: Path
    """The folder of the workspace, absolute."""
    file: Path
    """Its headrace.toml."""
    corpora: Mapping[str, CorpusConfig]
    models: Mapping[str, ModelConfig]
    storage: StorageConfig
    ask: AskConfig
    index: IndexSettings = IndexSettings()
    erasure: ErasureConfig = field(default_factory=ErasureConfig)
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    gateway: GatewayConfig = field(default_factory=GatewayConfig)
    schemas: Mapping[str, Support] = field(default_factory=dict)
    """`[schemas.NAME]`: which older versions of a schema are still served."""
    vault: VaultConfig = field(default_factory=VaultConfig)
    cache: CacheConfig = field(default_factory=CacheConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    datasets: Mapping[str, DatasetConfig] = field(default_factory=dict)
    """`[datasets.NAME]`: what commits to a dataset are held against."""
    sessions: SessionConfig = field(default_factory=SessionConfig)
    profiles: Mapping[str, ProfileConfig] = field(default_factory=dict)
    """`[profiles.NAME]`: what is known of users, by schema."""
    traces: TracesConfig = field(default_factory=TracesConfig)
    evals: EvalsConfig = field(default_factory=EvalsConfig)
    release: ReleaseConfig = field(default_factory=ReleaseConfig)
    curate: CurateConfig = field(default_factory=CurateConfig)
    environment: str = DEFAULT_ENVIRONMENT
    """Whose release pointer is read and moved."""


def without_credentials(url: str) -> str:
    """A URL that may be shown: user and password become `***`."""
    return _CREDENTIALS.sub("***@", url)
