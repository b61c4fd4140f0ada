"""Fills the generated parts of docs/*.md from the program itself: `python scripts/build_docs.py [--check]`.

A page marks such a part by `<!-- generated: KIND ARGUMENT -->` and `<!-- end -->`; everything else on it is
written by hand. Kinds: `commands`, `options`, `keys CLASS` and `fields CLASS` (both may end in
`except NAME, NAME`), `methods CLASS`, `suffixes`, `entities`. With `--check` nothing is written, and the
exit code is 1 when a page is not what would be written.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
import json
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal

from docs_words import MEANINGS

DOCS = Path(__file__).resolve().parent.parent / "docs"

_PART = re.compile(
    r"(?P<open><!-- generated: (?P<kind>\w+) ?(?P<argument>[^>]*?) ?-->\n).*?(?P<close><!-- end -->)",
    re.DOTALL,
)
_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    date: "date",
}


def main(arguments: Sequence[str]) -> int:
    """Build or check every page; gives the exit code."""
    check = "--check" in arguments
    stale = []
    for page in sorted(DOCS.glob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = fill(before)
        if after != before:
            stale.append(page)
            if not check:
                page.write_text(after, encoding="utf-8")
    for page in stale:
        print(f"{'stale' if check else 'written'}: {page.relative_to(DOCS.parent)}")
    if check and stale:
        print("Run `python scripts/build_docs.py`.")
        return 1
    return 0


def fill(page: str) -> str:
    """A page with each of its generated parts made anew."""

    def replace(part: re.Match[str]) -> str:
        made = _KINDS[part["kind"]](part["argument"])
        return f"{part['open']}\n{made.strip()}\n\n{part['close']}"

    return _PART.sub(replace, page)


def keys(argument: str) -> str:
    """The keys of a configuration class: name, type and bounds, default, meaning."""
    rows = []
    for item, hint, meaning in _fields(argument):
        bounds = _bounds(item.metadata)
        kind = ", ".join(part for part in (words_of(hint), bounds) if part)
        rows.append((f"`{item.name}`", kind, _default(item), meaning))
    return _table(("key", "type", "default", "meaning"), rows)


def fields(argument: str) -> str:
    """The fields of a record: name, type, meaning."""
    rows = [(f"`{item.name}`", f"`{_shown(hint)}`", meaning) for item, hint, meaning in _fields(argument)]
    return _table(("field", "type", "meaning"), rows)


def words_of(hint: Any) -> str:
    """A Python type in the words of a TOML file."""
    if typing.get_origin(hint) is Literal:
        return " or ".join(f"`{json.dumps(choice)}`" for choice in typing.get_args(hint))
    if typing.get_origin(hint) in (tuple, list):
        return "list of texts"
    if typing.get_origin(hint) is Mapping:
        return "table"
    if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union:
        return " or ".join(words_of(option) for option in typing.get_args(hint) if option is not NoneType)
    return _WORDS[hint]


def commands(_: str) -> str:
    """Every command: its help, arguments, options, example."""
    from typer.main import get_command

    from headrace.cli.main import app

    program: Any = get_command(app)
    return "\n\n".join(_command(name, command) for name, command in _flat(program))


def _flat(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below a group with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _flat(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def options(_: str) -> str:
    """What stands before the command."""
    from typer.main import get_command

    from headrace.cli.main import app

    program: Any = get_command(app)
    return _table(("option", "meaning"), [_option(item) for item in program.params])


def methods(argument: str) -> str:
    """The public methods and properties of a class, with their signatures."""
    owner = _load(argument)
    parts = []
    for name, member in vars(owner).items():
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        shown = _signature(function, name)
        if isinstance(member, property):
            shown = shown.replace("() ->", ":")
        parts.append(f"### `{owner.__name__}.{name}`\n\n```py\n{shown}\n```")
        parts.append(_prose(inspect.getdoc(function) or ""))
    return "\n\n".join(parts)


def suffixes(_: str) -> str:
    """File name endings of formats that are plain text."""
    from headrace.ingest.parsing.filetypes import CODE_TYPES, MARKDOWN_SUFFIXES, TEXT_TYPES

    groups = (("Markdown", MARKDOWN_SUFFIXES), ("text", TEXT_TYPES), ("code and data", CODE_TYPES))
    rows = [(name, " ".join(f"`.{suffix}`" for suffix in sorted(known))) for name, known in groups]
    return _table(("read as", "endings"), rows)


def entities(_: str) -> str:
    """Every type of personal data and secret."""
    from headrace.privacy.entities import ENTITIES

    return _table(("type", "what it is"), [(f"`{name}`", meaning) for name, meaning in ENTITIES.items()])


def _command(name: str, command: Any) -> str:
    parts = [f"## headrace {name}", _prose(inspect.cleandoc(command.help))]
    words = [item.metavar for item in command.params if item.param_type_name == "argument"]
    parts.append(f"```text\n{' '.join(['headrace', name, '[OPTIONS]', *words])}\n```")
    for title, kind in (("argument", "argument"), ("option", "option")):
        items = [item for item in command.params if item.param_type_name == kind]
        if items:
            parts.append(_table((title, "meaning"), [_option(item) for item in items]))
    record = _record_of(name)
    if record:
        parts.append(f"With `--json`: a [{record}](python.md#{record.lower()}).")
    parts.append(f"```sh\n{command.epilog.removeprefix('Example: ')}\n```")
    return "\n\n".join(parts)


def _record_of(command: str) -> str:
    """What the operation of the same name gives back."""
    from headrace.curate.evals.operations import EvalOperations
    from headrace.curate.golden.operations import GoldenOperations
    from headrace.flows.coverage.operations import CoverageOperations
    from headrace.flows.curation.operations import CurationOperations
    from headrace.flows.embedding.operations import EmbeddingOperations
    from headrace.flows.index.operations import IndexOperations
    from headrace.flows.loop.operations import LoopOperations
    from headrace.flows.prompts.operations import PromptOperations
    from headrace.flows.quality.operations import QualityOperations
    from headrace.flows.releases.operations import ReleaseOperations
    from headrace.flows.schemas.operations import SchemaOperations
    from headrace.observe.profiles.operations import ProfileOperations
    from headrace.observe.sessions.operations import SessionOperations
    from headrace.observe.signals.operations import SignalOperations
    from headrace.observe.traces.receiving.operations import ReceivingOperations
    from headrace.workspace import Workspace

    owners: Mapping[str, type] = {
        "curate": CurationOperations,
        "index": IndexOperations,
        "embed": EmbeddingOperations,
        "prompt": PromptOperations,
        "schema": SchemaOperations,
        "session": SessionOperations,
        "profile": ProfileOperations,
        "signal": SignalOperations,
        "eval": EvalOperations,
        "eval case": GoldenOperations,
        "release": ReleaseOperations,
        "loop": LoopOperations,
    }
    renamed: dict[str, Any] = {"gate quality": QualityOperations.list, "gate rot": QualityOperations.rot}
    renamed |= {
        "eval import": EvalOperations.import_run,
        "eval refresh": GoldenOperations.refresh,
        "eval case import": GoldenOperations.import_cases,
        "signal audit sample": SignalOperations.sample,
        "signal audit set": SignalOperations.judge,
        "signal audit list": SignalOperations.audits,
    }
    renamed |= {
        "trace receiving": ReceivingOperations.status,
        "trace send": ReceivingOperations.send,
        "trace quarantine list": ReceivingOperations.quarantined,
        "trace quarantine show": ReceivingOperations.quarantined_item,
        "trace quarantine retry": ReceivingOperations.retry,
        "trace quarantine discard": ReceivingOperations.discard,
    }
    renamed |= {
        "curate coverage": CoverageOperations.measure,
        "curate gaps": CoverageOperations.gaps,
        "curate history": CoverageOperations.history,
    }
    noun, _, verb = command.rpartition(" ")
    operation: Any = renamed.get(command) or getattr(
        owners.get(noun, Workspace), verb.replace("-", "_"), None
    )
    return str(operation.__annotations__["return"]) if inspect.isfunction(operation) else ""


def _option(item: Any) -> tuple[str, str]:
    if item.param_type_name == "argument":
        return f"`{item.metavar}`", item.help
    shown = ", ".join(f"`{name}`" for name in sorted(item.opts, key=len, reverse=True))
    if not item.is_flag:
        shown += f" `{item.metavar}`"
    facts = []
    if item.min is not None:
        facts.append(f"{item.min} to {item.max}")
    if item.default not in (None, False):
        facts.append(f"default `{item.default}`")
    if item.envvar:
        facts.append(f"environment variable `{item.envvar}`")
    return shown, item.help + (f" ({'; '.join(facts)})" if facts else "")


def _fields(argument: str) -> list[tuple[dataclasses.Field[Any], Any, str]]:
    """Field, type and meaning of each. Raises ValueError for one that says nothing about itself."""
    name, _, left_out = argument.partition(" except ")
    skipped = {part.strip() for part in left_out.split(",")}
    owner = _load(name)
    hints, meanings = typing.get_type_hints(owner), meanings_of(owner)
    found = []
    for item in dataclasses.fields(owner):
        if item.name in skipped:
            continue
        meaning = meanings.get(item.name) or MEANINGS.get(item.name)
        if meaning is None:
            raise ValueError(f"{name}.{item.name} has no docstring and is not in docs_words.py")
        found.append((item, hints[item.name], meaning))
    return found


def meanings_of(owner: type) -> dict[str, str]:
    """The docstring under each field of a class, on one line."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    body = typing.cast(ast.ClassDef, tree.body[0]).body
    found: dict[str, str] = {}
    for statement, following in itertools.pairwise(body):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            found[statement.target.id] = " ".join(str(following.value.value).split())
    return found


def _default(item: dataclasses.Field[Any]) -> str:
    if item.default is dataclasses.MISSING:
        return "required"
    if item.default is None:
        return "none"
    value = list(item.default) if isinstance(item.default, tuple) else item.default
    return f"`{json.dumps(value)}`"


def _bounds(metadata: Mapping[str, Any]) -> str:
    low, high = metadata.get("minimum", metadata.get("least")), metadata.get("maximum")
    if high is not None:
        return f"{low} to {high}"
    return f"{low} or more" if low is not None else ""


def _shown(hint: Any) -> str:
    """A type as it is written in Python, without module names."""
    text = hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text)


def _signature(function: Callable[..., Any], name: str) -> str:
    shown = re.sub(r"(?<=: )'([^']*)'|(?<=-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))
    shown = re.sub(r"^\((?:self|cls)(?:, )?", "(", shown)
    line = f"{name}{shown}"
    if len(line) <= 100:
        return line
    inside, _, result = shown[1:].rpartition(") -> ")
    split = re.split(r", (?![^\[]*\])", inside)
    return f"{name}(\n" + "".join(f"    {part},\n" for part in split) + f") -> {result}"


def _prose(text: str) -> str:
    """A docstring as paragraphs, one line each."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


_KINDS: Mapping[str, Callable[[str], str]] = {
    "commands": commands,
    "entities": entities,
    "fields": fields,
    "keys": keys,
    "methods": methods,
    "options": options,
    "suffixes": suffixes,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
