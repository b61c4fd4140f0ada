"""Finds and reads headrace.toml."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from headrace.config.base import DEFAULT_ENVIRONMENT, FILE_NAME, AskConfig, IndexSettings, WorkspaceConfig
from headrace.config.cache import read_cache
from headrace.config.corpora import read_corpus
from headrace.config.curate import read_curate
from headrace.config.datasets import read_datasets
from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.erasure import read_erasure
from headrace.config.evals import read_evals
from headrace.config.features import read_features
from headrace.config.gateway import read_gateway
from headrace.config.privacy import read_privacy
from headrace.config.release import read_release
from headrace.config.schemas import read_schemas
from headrace.config.sessions import read_profiles, read_sessions
from headrace.config.storage import read_storage
from headrace.config.table import Table, nearest
from headrace.config.toml_lines import locate
from headrace.config.traces import read_traces
from headrace.config.vault import read_vault
from headrace.errors import ConfigError, UsageError, WorkspaceNotFound
from headrace.infer.providers.config import ModelConfig
from headrace.plugins import Kind
from headrace.plugins import names as plugin_names

_TABLES = (
    "ask",
    "cache",
    "corpus",
    "datasets",
    "curate",
    "environment",
    "erasure",
    "evals",
    "features",
    "gateway",
    "index",
    "models",
    "privacy",
    "profiles",
    "release",
    "schemas",
    "sessions",
    "storage",
    "traces",
    "vault",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SYNTAX_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def find_workspace(start: Path) -> Path:
    """The closest folder at `start` or above it that holds a headrace.toml. Raises WorkspaceNotFound."""
    folder = Path(os.path.abspath(start))
    for place in (folder, *folder.parents):
        if (place / FILE_NAME).is_file():
            return place
    raise WorkspaceNotFound([str(place) for place in (folder, *folder.parents)])


def load_config(root: Path, *, environment: Mapping[str, str] = os.environ) -> WorkspaceConfig:
    """Read and check `root`/headrace.toml. Raises ConfigError, or WorkspaceNotFound when it is not there."""
    root = Path(os.path.abspath(root))
    if "?" in str(root):  # a URL of SQLite would end there
        raise UsageError(
            f"The folder of the workspace has a question mark in its path: {str(root)!r}.",
            hint="Rename or move the folder.",
        )
    file = root / FILE_NAME
    top = _parse(file)
    top.refuse_unknown(_TABLES)
    models = _models(top)
    corpora = {name: read_corpus(table, name=name, models=models) for name, table in _named(top, "corpus")}
    return WorkspaceConfig(
        root=root,
        file=file,
        corpora=corpora,
        models=models,
        storage=read_storage(top.child("storage"), root=root, environment=environment),
        ask=_ask(top.child("ask"), models),
        index=_index(top.child("index"), root),
        erasure=read_erasure(top.child("erasure")),
        privacy=read_privacy(top.child("privacy"), root=root),
        gateway=read_gateway(top.child("gateway"), models=models),
        schemas=read_schemas(top.child("schemas")),
        vault=read_vault(top.child("vault")),
        cache=read_cache(top.child("cache")),
        features=read_features(top.child("features"), root=root, environment=environment),
        datasets=read_datasets(top.child("datasets")),
        sessions=read_sessions(top.child("sessions"), models=list(models)),
        profiles=read_profiles(top),
        traces=read_traces(top.child("traces")),
        evals=read_evals(top.child("evals"), root=root),
        release=read_release(top.child("release")),
        curate=read_curate(top.child("curate")),
        environment=_environment(top),
    )


def _parse(file: Path) -> Table:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise WorkspaceNotFound([str(file.parent)]) from None
    except OSError as error:
        raise ConfigError(f"The file cannot be read: {error.strerror}.", file=str(file)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError("The file is not UTF-8.", file=str(file), line=line) from error
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), file=file, text=text) from error
    except RecursionError:
        raise ConfigError("The file nests too deeply.", file=str(file), line=1) from None
    return Table(values=values, path=(), file=str(file), lines=locate(text))


def _syntax_error(message: str, *, file: Path, text: str) -> ConfigError:
    place = _SYNTAX_PLACE.search(message)
    lines = text.split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    if place and place.group(1):
        line, column = int(place.group(1)), int(place.group(2))
    problem = f"Not valid TOML: {_SYNTAX_PLACE.sub('', message)}."
    return ConfigError(problem, file=str(file), line=line, column=column)


def _named(top: Table, key: str) -> list[tuple[str, Table]]:
    tables = list(top.children(key).items())
    for name, table in tables:
        if not _NAME.fullmatch(name):
            allowed = ["letters, digits, '.', '_' and '-', at most 64, a letter or digit first"]
            raise table.error("has a name that cannot be used.", allowed=allowed)
    return tables


def _models(top: Table) -> dict[str, ModelConfig]:
    models = {}
    for name, table in _named(top, "models"):
        key_variable = table.values.get("api_key_env", "")
        if isinstance(key_variable, str) and key_variable and not _VARIABLE_NAME.fullmatch(key_variable):
            raise table.error(
                "is the name of an environment variable that holds the key, never the key itself.",
                "api_key_env",
            )
        models[name] = table.fill(ModelConfig, given={"name": name})
    return models


def _ask(table: Table, models: Mapping[str, ModelConfig]) -> AskConfig:
    ask = table.fill(AskConfig, given={})
    _check_choice(table, "model", "model", known=["extractive", *models])
    _check_choice(table, "reranker", "reranker", known=list(models))
    if not _NAME.fullmatch(ask.prompt):
        raise table.error("is not the name of a file under prompts/, without `.md`.", "prompt")
    return ask


def _index(table: Table, root: Path) -> IndexSettings:
    settings = table.fill(IndexSettings, given={})
    try:
        parse_duration(settings.keep_retired)
    except ValueError:
        raise table.error("is not a length of time.", "keep_retired", allowed=[ALLOWED]) from None
    if settings.golden is not None and not (root / settings.golden).is_file():
        raise table.error(f"names {settings.golden!r}, which is not a file of the workspace.", "golden")
    return settings


def _check_choice(table: Table, key: str, kind: Kind, *, known: Sequence[str]) -> None:
    """Complain about a name that neither the file nor an installed plugin defines."""
    value = table.values.get(key)
    if value is None or value in known:
        return
    names = [*known, *plugin_names(kind)]
    if value not in names:
        allowed = names or ["the NAME of a [models.NAME] table (there is none yet)"]
        close = nearest(value, names)
        raise table.error(f"is {value!r}, which is not a known {kind}.", key, allowed=allowed, nearest=close)


def _environment(top: Table) -> str:
    name = str(top.read("environment", str)) if "environment" in top.values else DEFAULT_ENVIRONMENT
    if not _NAME.fullmatch(name):
        allowed = ["letters, digits, '.', '_' and '-', at most 64, a letter or digit first"]
        raise top.error("has a name that cannot be used.", "environment", allowed=allowed)
    return name
