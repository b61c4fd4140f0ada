"""Functions of the workspace: targets and scorers in `evals/*.py`, loaded only if configured."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.curate.evals.base import Reply, Target
from headrace.errors import ConfigError, HeadraceError, TerminalError
from headrace.ledger.identity import digest_bytes

_NAMED = re.compile(r"((?:[\w-]+/)*[A-Za-z_]\w*\.py):([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTarget:
    """A function from the inputs of a case to an output, a mapping with `output`, or a Reply."""

    function: Callable[[Mapping[str, Any]], Any]
    identity: Mapping[str, Any]

    def answer(self, inputs: Mapping[str, Any]) -> Reply:
        """Call it. Raises TerminalError for what it raises."""
        try:
            given = self.function(inputs)
        except HeadraceError:
            raise
        except Exception as error:
            raise TerminalError(f"The target failed: {type(error).__name__}: {error}") from error
        if isinstance(given, Reply):
            return given
        if isinstance(given, Mapping) and "output" in given:
            known = {"output", "documents", "citations", "tokens", "cost_micro", "currency"}
            return Reply(**{key: value for key, value in given.items() if key in known})
        return Reply(output=given)


def open_function(root: Path, text: str, *, allowed: bool) -> Target:
    """The target that `evals/FILE.py:NAME` is: a Target, a class that makes one, or a function."""
    function, source = load_function(root, text, allowed=allowed)
    made = function() if isinstance(function, type) else function
    if isinstance(made, Target):
        return made
    if not callable(made):
        raise ConfigError(f"{text!r} is no function.", key="target")
    return FunctionTarget(
        function=made, identity={"kind": "function", "function": text.split("/")[-1], "source": source}
    )


def load_function(root: Path, text: str, *, allowed: bool) -> tuple[Any, str]:
    """What `evals/FILE.py:NAME` names, and the digest of the file. Raises ConfigError."""
    if not allowed:
        raise ConfigError(f"{text!r} runs code: it needs `python = true` under [evals] in headrace.toml.")
    found = _NAMED.fullmatch(text.strip())
    folder = (root / "evals").resolve()
    file = (root / found[1]).resolve() if found else None
    if file is not None and not file.is_relative_to(folder):
        file = (folder / str(found and found[1])).resolve()
    if found is None or file is None or not file.is_relative_to(folder) or not file.is_file():
        raise ConfigError(f"{text!r} names no function.", allowed=["evals/FILE.py:NAME"])
    spec = importlib.util.spec_from_file_location(f"headrace_evals_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(
            f"{text!r} cannot be loaded: {type(error).__name__}: {error}", file=str(file)
        ) from error
    if not hasattr(module, found[2]):
        raise ConfigError(f"{file.name} has no {found[2]!r}.", file=str(file))
    return getattr(module, found[2]), digest_bytes("source", file.read_bytes())
