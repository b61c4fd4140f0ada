"""A new workspace: what is written, relative to what, and that nothing is overwritten."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.config.load import load_config
from headrace.config.scaffold import init_workspace, missing_sources
from headrace.errors import UsageError


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sources_of(file: Path) -> tuple[str, list[object]]:
    (corpus,) = load_config(file.parent, environment={}).corpora.values()
    return corpus.name, list(corpus.sources)


def test_without_sources_there_is_an_empty_docs_folder(tmp_path: Path) -> None:
    file = init_workspace(Path("new/deep"), [])
    assert file == tmp_path / "new" / "deep" / "headrace.toml"
    assert sources_of(file) == ("docs", ["docs"])
    assert list((file.parent / "docs").iterdir()) == []
    assert (file.parent / "prompts").is_dir()
    assert (file.parent / ".gitignore").read_text() == ".headrace/\n"


def test_paths_inside_are_relative_and_outside_absolute(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    sources = ["./w/My Handbook/", "outside/**/*.md", "https://example.com/help/", "w/My Handbook"]
    file = init_workspace(Path("w"), sources)
    assert sources_of(file) == (
        "my-handbook",
        ["My Handbook", f"{tmp_path}/outside/**/*.md", "https://example.com/help/"],
    )
    assert missing_sources(load_config(file.parent, environment={})) == ["My Handbook"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://docs.example.com:8080/a", "docs-example-com"),
        ("a/b/**/*.md", "b"),
        ("*.md", "here"),
        ("tickets.jsonl", "tickets"),
        ("ÄÖ", "docs"),
    ],
)
def test_the_corpus_is_named_after_its_first_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("tickets.jsonl").touch()
    assert sources_of(init_workspace(Path("w"), [source]))[0] == name


def test_the_commented_settings_are_valid_too(tmp_path: Path) -> None:
    file = init_workspace(Path("w"), [])
    setting = re.compile(r'^# (?=\[[\w.-]+\]$|["\w*/]+ = )', re.MULTILINE)
    text, changed = setting.subn("", file.read_text())
    assert changed > 12
    file.write_text(text)
    config = load_config(file.parent, environment={"LEDGER_PASSWORD": "p"})
    assert "main" in config.models
    assert config.corpora["docs"].access
    assert config.storage.ledger.startswith("postgresql")


def test_an_existing_workspace_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        init_workspace(tmp_path, ["docs"])
    assert [item.name for item in tmp_path.iterdir()] == ["headrace.toml"]
    assert (tmp_path / "headrace.toml").read_text() == "mine"


def test_what_is_there_already_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_text("mine")
    init_workspace(tmp_path, [])
    assert (tmp_path / ".gitignore").read_text() == "*.log\n.headrace/\n"
    assert (tmp_path / "prompts" / "answer.md").read_text() == "mine"


def test_a_place_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="Cannot make a workspace"):
        init_workspace(Path("file/below"), [])


@pytest.mark.parametrize("source", ["", "  ", "bad\udcffname"])
def test_sources_that_cannot_be_written(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError):
        init_workspace(Path("w"), [source])
    assert not (tmp_path / "w").exists()


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_name_survives_the_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / "w" / "headrace.toml"
    file.unlink(missing_ok=True)
    url = f"https://example.com/{name}"
    init_workspace(file.parent, [url])
    (corpus,) = tomllib.loads(file.read_bytes().decode())["corpus"].values()
    assert corpus["sources"] == [url]
