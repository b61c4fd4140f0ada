"""Makes a new workspace: the folder, a commented headrace.toml, prompts/ and .gitignore."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from headrace.config.base import FILE_NAME, STATE_FOLDER, WorkspaceConfig
from headrace.errors import UsageError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_GLOB = re.compile(r"[*?\[]")

_TEMPLATE = """\
# What this workspace is made of. `headrace plan` shows what a change here would do and cost,
# `headrace sync` does it. Keep this file and prompts/ in version control; state lives in .headrace/.

[corpus.{name}]
# A folder, a file, a glob such as "docs/**/*.md", or a URL to crawl.
# Records are a table:
#   {{ type = "records", path = "tickets.jsonl", id = "id", text = ["title", "body"] }}
sources = {sources}

# [corpus.{name}.recipe]
# chunk_tokens = 224       # most tokens in a chunk
# chunk_overlap = 32       # tokens that neighbouring chunks share
# embedder = "minilm"      # built in; or "<NAME>:<model>" with a [models.NAME] below

# Who may see what: the first pattern that matches decides, at any depth; what none matches nobody sees.
# [corpus.{name}.access]
# "hr/**" = ["hr"]
# "*" = ["public"]

# [ask]
# model = "extractive"     # built in: sentences of the documents; or the NAME of a [models.NAME]
# k = 6                    # chunks given to the model

# Any OpenAI-compatible endpoint. The key comes from the environment, never from this file.
# [models.main]
# base_url = "https://api.openai.com/v1"
# model = "gpt-4o-mini"
# api_key_env = "OPENAI_API_KEY"

# For a team: servers instead of files. ${{VARIABLE}} is taken from the environment.
# [storage]
# ledger = "postgresql://headrace:${{LEDGER_PASSWORD}}@localhost:5432/headrace"
"""


def init_workspace(directory: Path, sources: Sequence[str]) -> Path:
    """Make a workspace at `directory` over `sources` (paths, globs, URLs) and give its headrace.toml.

    Paths are relative to the current folder; they are written relative to the workspace when inside it and
    absolute otherwise. Without sources the workspace gets an empty docs/ folder. Raises UsageError, above all
    when there already is a headrace.toml: nothing of it is changed.
    """
    root = Path(os.path.abspath(directory))
    file = root / FILE_NAME
    if os.path.lexists(file):
        raise UsageError(
            f"{str(file)!r} exists already; nothing was changed.",
            hint="Edit it to add a source, or choose another folder.",
        )
    written = list(dict.fromkeys(_written(source, root) for source in sources)) or ["docs"]
    text = _TEMPLATE.format(name=_corpus_name(written[0], root), sources=_toml_list(written))
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not sources:
            (root / "docs").mkdir(exist_ok=True)
        _write_prompts(root / "prompts")
        _ignore_state(root / ".gitignore")
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(
            f"Cannot make a workspace at {str(root)!r}: {error.strerror}.",
            hint="Choose a folder that you may write to.",
        ) from error
    return file


def missing_sources(config: WorkspaceConfig) -> list[str]:
    """Paths and globs of the configuration that start from something that does not exist."""
    named = [
        source for corpus in config.corpora.values() for source in corpus.sources if isinstance(source, str)
    ]
    paths = [source for source in named if not is_url(source)]
    return [path for path in paths if not (config.root / glob_base(path)).exists()]


def is_url(source: str) -> bool:
    """Whether a source names something to fetch rather than a path."""
    return _URL.match(source) is not None


def glob_base(source: str) -> str:
    """The folder or file a path or glob starts from: everything before its first wildcard part."""
    parts = Path(source).parts
    plain = [part for index, part in enumerate(parts) if not any(_GLOB.search(p) for p in parts[: index + 1])]
    return str(Path(*plain)) if plain else "."


def _written(source: str, root: Path) -> str:
    if is_url(source):
        return source
    try:
        source.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The path {source!r} is not valid UTF-8, so it cannot be written to {FILE_NAME}.",
            hint="Name a folder above it.",
        ) from None
    if not source.strip():
        raise UsageError("A source is empty.", hint="Name a path, a glob or a URL.")
    path = Path(os.path.abspath(source))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _corpus_name(source: str, root: Path) -> str:
    """A name after the folder, file or host of a source."""
    if is_url(source):
        name = source.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    else:
        base = root / glob_base(source)
        name = base.stem if base.is_file() else base.name
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:64].lower()
    return name or "docs"


def _toml_list(sources: Sequence[str]) -> str:
    # JSON strings are TOML strings, except that TOML also wants DEL escaped.
    texts = [json.dumps(source, ensure_ascii=False).replace("\x7f", "\\u007f") for source in sources]
    one_line = f"[{', '.join(texts)}]"
    if len(one_line) <= 90:
        return one_line
    return "[\n" + "".join(f"  {text},\n" for text in texts) + "]"


def _write_prompts(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    builtin = files("headrace.infer.prompts") / "builtin" / "answer.md"
    target = folder / "answer.md"
    if builtin.is_file() and not target.exists():
        target.write_bytes(builtin.read_bytes())


def _ignore_state(file: Path) -> None:
    entry = f"{STATE_FOLDER}/"
    present = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    if entry not in present.splitlines():
        newline = "\n" if present and not present.endswith("\n") else ""
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"{newline}{entry}\n")
