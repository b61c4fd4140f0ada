"""The public surface, what importing costs, and conventions that are held by looking at the source."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import headrace

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "headrace"
MODULES = sorted(PACKAGE.rglob("*.py"))

HEAVY = (
    "lance",
    "pyarrow",
    "numpy",
    "onnxruntime",
    "tokenizers",
    "sqlalchemy",
    "aiohttp",
    "fastapi",
    "kreuzberg",
    "rich",
    "re2",
    "ahocorasick_rs",
    "phonenumbers",
    "stdnum",
    "duckdb",
)


def test_exported_names() -> None:
    assert headrace.__all__ == [
        "Answer",
        "AtReport",
        "Citation",
        "HeadraceError",
        "Hit",
        "PlanReport",
        "SearchResult",
        "StatusReport",
        "SyncReport",
        "WhyReport",
        "Workspace",
        "__version__",
        "open",
    ]
    assert all(hasattr(headrace, name) for name in headrace.__all__)
    with pytest.raises(AttributeError):
        headrace.nothing  # noqa: B018


def test_the_operations_of_a_workspace() -> None:
    public = {name for name in vars(headrace.Workspace) if not name.startswith("_")}
    assert {"plan", "sync", "search", "ask", "why", "at", "status", "close", "open"} <= public


@pytest.mark.parametrize("statement", ["import headrace", "import headrace.cli.main"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = {name.partition(".")[0] for name in json.loads(out)}
    assert loaded.isdisjoint(HEAVY), f"loaded at import: {sorted(loaded & set(HEAVY))}"


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=str)
def test_a_room_says_what_it_is_and_has_no_logic(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    if path != PACKAGE / "__init__.py":
        logic = [
            node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If | ast.For)
        ]
        assert not logic, f"{path} holds logic"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_leaf_files_and_swallows_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path}:{node.lineno} catches everything"
            only_pass = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert not only_pass, f"{path}:{node.lineno} passes over an error"


def test_no_module_is_called_by_what_it_is_not() -> None:
    banned = {"utils", "util", "common", "helpers", "core", "misc"}
    assert not [path for path in MODULES if path.stem in banned or banned & set(path.parent.parts)]


def test_every_promise_that_is_documented_has_its_tests() -> None:
    text = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    named = {word.strip("`") for word in text.split() if word.strip("`").startswith("tests/promises/test_")}
    present = {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "promises").glob("test_*.py")}
    assert named == present
