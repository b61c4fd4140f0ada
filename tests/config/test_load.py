"""headrace.toml as it is read, and every way in which it can be wrong with the line it is wrong on."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.config.load import find_workspace, load_config
from headrace.errors import ConfigError, UsageError, WorkspaceNotFound

WHOLE = """\
environment = "staging"

[corpus.handbook]
sources = [
  "docs/**/*.md",
  "https://example.com/help/",
  { type = "records", path = "tickets.jsonl", id = "id", text = ["title", "body"] },
]
default_labels = ["staff"]

[corpus.handbook.recipe]
chunk_tokens = 100
chunk_overlap = 10
embedder = "local:bge-small"

[corpus.handbook.access]
"hr/**" = ["hr", "board"]
"*" = "public"

[models.local]
base_url = "http://127.0.0.1:9000/v1"
model = "small"
api_key_env = "LOCAL_KEY"
timeout_seconds = 5

[ask]
model = "local"
prompt = "brief"
k = 3
reranker = "local"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "headrace.toml").write_text(text, encoding="utf-8")
    return folder


def test_everything_is_read(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, WHOLE), environment={})
    corpus = config.corpora["handbook"]
    assert (config.root, config.file, config.environment) == (tmp_path, tmp_path / "headrace.toml", "staging")
    assert corpus.sources[:2] == ("docs/**/*.md", "https://example.com/help/")
    assert corpus.sources[2] == {
        "type": "records",
        "path": "tickets.jsonl",
        "id": "id",
        "text": ["title", "body"],
    }
    assert corpus.source_lines == (5, 6, 7)
    assert (corpus.recipe.chunk_tokens, corpus.recipe.chunk_overlap) == (100, 10)
    assert corpus.recipe.embedder == "local:bge-small"
    assert corpus.access == (("hr/**", ("hr", "board")), ("*", ("public",)))
    assert corpus.default_labels == ("staff",)
    assert config.models["local"].api_key_env == "LOCAL_KEY"
    assert config.models["local"].timeout_seconds == 5.0
    assert (config.ask.model, config.ask.prompt, config.ask.k, config.ask.reranker) == (
        "local",
        "brief",
        3,
        "local",
    )


def test_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, '[corpus.docs]\nsources = ["docs"]\n'), environment={})
    corpus = config.corpora["docs"]
    assert corpus.recipe.embedder == "minilm"
    assert 0 < corpus.recipe.chunk_overlap < corpus.recipe.chunk_tokens
    assert corpus.default_labels == ("public",)
    assert (config.ask.model, config.ask.prompt, config.ask.k, config.ask.reranker) == (
        "extractive",
        "answer",
        6,
        None,
    )
    assert config.environment == "production"
    assert config.models == {}


def test_a_corpus_with_rules_is_closed_to_what_no_rule_matches(tmp_path: Path) -> None:
    text = '[corpus.a]\nsources = ["a"]\n[corpus.a.access]\n"hr/*" = ["hr"]\n[corpus.b]\nsources = ["b"]\n'
    config = load_config(write(tmp_path, text), environment={})
    assert config.corpora["a"].default_labels == ()
    assert config.corpora["b"].default_labels == ("public",)


def test_a_small_chunk_gets_a_small_overlap(tmp_path: Path) -> None:
    text = '[corpus.a]\nsources = ["a"]\n[corpus.a.recipe]\nchunk_tokens = 20\n'
    assert load_config(write(tmp_path, text), environment={}).corpora["a"].recipe.chunk_overlap == 2


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b""])
def test_byte_order_mark_and_windows_line_ends(tmp_path: Path, prefix: bytes) -> None:
    text = WHOLE.replace("\n", "\r\n").replace("k = 3", "k = 0")
    (tmp_path / "headrace.toml").write_bytes(prefix + text.encode())
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environment={})
    assert caught.value.details["line"] == 29


# What is replaced in WHOLE, by what, and then: line, key, words of the message, the suggestion.
WRONG = [
    (
        "environment =",
        "enviroment =",
        1,
        "enviroment",
        "corpus, curate, datasets, environment",
        "environment",
    ),
    ('"staging"', '"a/b"', 1, "environment", "cannot be used", None),
    ('"staging"', "3", 1, "environment", "must be a text, not a whole number", None),
    ("[corpus.handbook]", "[corpora.handbook]", 3, "corpora", "not a known key", "corpus"),
    ("[corpus.handbook]", '[corpus."a b"]', 3, 'corpus."a b"', "name that cannot be used", None),
    ("sources = [", "source = [", 4, "corpus.handbook.source", "sources", "sources"),
    ('"docs/**/*.md"', '""', 5, "corpus.handbook.sources[0]", "path, glob or URL", None),
    ('"docs/**/*.md"', "7", 5, "corpus.handbook.sources[0]", "path, glob or URL", None),
    ('"docs/**/*.md"', '"https://example.com/help/"', 6, "corpus.handbook.sources[1]", "twice", None),
    ("https://example", "ftp://example", 6, "corpus.handbook.sources[1]", "https://", None),
    ('"records"', '"record"', 7, "corpus.handbook.sources[2].type", "files, records, web", "records"),
    ('type = "records", ', "", 7, "corpus.handbook.sources[2]", "files, records, web", None),
    ('id = "id", ', "", 7, "corpus.handbook.sources[2]", "'id' is missing", None),
    ('id = "id"', "id = 4", 7, "corpus.handbook.sources[2].id", "must be a string", None),
    ("path =", "pth =", 7, "corpus.handbook.sources[2].pth", "unknown key 'pth'", "path"),
    ('["staff"]', "true", 9, "corpus.handbook.default_labels", "list of texts", None),
    ("chunk_tokens", "chunk_token", 12, "corpus.handbook.recipe.chunk_token", "embedder", "chunk_tokens"),
    ("= 100", "= 8", 12, "corpus.handbook.recipe.chunk_tokens", "16 to 32768", None),
    ("= 100", "= 99.5", 12, "corpus.handbook.recipe.chunk_tokens", "a whole number, not", None),
    ("= 100", "= true", 12, "corpus.handbook.recipe.chunk_tokens", "not true or false", None),
    ("overlap = 10", "overlap = 100", 13, "corpus.handbook.recipe.chunk_overlap", "less than", None),
    ('"local:bge-small"', '"minlm"', 14, "corpus.handbook.recipe.embedder", "'minlm'", "minilm"),
    ('"local:bge-small"', '"hash:0"', 14, "corpus.handbook.recipe.embedder", "hash:<dimension>", "hash"),
    ('"local:bge', '"locale:bge', 14, "corpus.handbook.recipe.embedder", "openai:<model>", "local:bge-small"),
    ('["hr", "board"]', '["hr", 5]', 17, 'corpus.handbook.access."hr/**"[1]', "must be a text", None),
    ('["hr", "board"]', '["hr", " "]', 17, 'corpus.handbook.access."hr/**"[1]', "empty text", None),
    ("base_url", "baseurl", 21, "models.local.baseurl", "api_key_env", "base_url"),
    ('"http://127', '"127', 21, "models.local.base_url", "not an http", None),
    ("base_url =", "#", 20, "models.local", "needs the key `base_url`", None),
    ("seconds = 5", 'seconds = "5"', 24, "models.local.timeout_seconds", "a number, not a text", None),
    ("seconds = 5", "seconds = 0", 24, "models.local.timeout_seconds", "out of range", None),
    ('model = "local"', 'model = "locl"', 27, "ask.model", "extractive, local", "local"),
    ('reranker = "local"', 'reranker = "loca"', 30, "ask.reranker", "'loca'", "local"),
    ('"brief"', '"../brief"', 28, "ask.prompt", "prompts/", None),
    ("k = 3", "k = 0", 29, "ask.k", "1 to 200", None),
    ("[ask]", "[ask.x]", 26, "ask.x", "model, prompt, reranker", None),
    ("[models.local]", "[[models.local]]", 20, "models.local", "must be a table, not a list", None),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "words", "nearest"), WRONG)
def test_what_is_wrong_and_where(
    tmp_path: Path, old: str, new: str, line: int, key: str, words: str, nearest: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, WHOLE.replace(old, new, 1)), environment={})
    error = caught.value
    assert error.message.startswith(f"{tmp_path / 'headrace.toml'}:{line}: `{key}` ")
    assert words in error.message
    assert error.details["line"] == line
    assert error.details["key"] == key
    assert error.exit_code == 2
    if nearest:
        assert error.hint == f"Did you mean {nearest!r}?"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("corpus.docs.sources = ['a']\ncorpus.docs.recipe.chunk_tokens = 1\n", 2, "out of range"),
        ("\ncorpus = { docs = { sources = ['a'], recipe = { embedder = 'hush' } } }\n", 2, "'hush'"),
        ("corpus.docs = { sources = ['a'] }\nask = { k = 'six' }\n", 2, "a whole number, not a text"),
        (
            "[[corpus.a.sources]]\ntype = 'web'\nurl = 'http://h'\n[[corpus.a.sources]]\ntype = 'wab'\n",
            5,
            "wab",
        ),
        ("[corpus.docs]\n", 1, "needs the key `sources`"),
        ("[corpus.docs]\nsources = []\n", 2, "is empty"),
        ("[corpus.docs]\nsources = 'docs'\n", 2, "must be a list"),
        ("ask = 3\n", 1, "must be a table"),
        ("\n\n[ask]\nmodel = 1979-05-27\n", 4, "a date or time"),
    ],
)
def test_lines_of_dotted_keys_inline_tables_and_arrays_of_tables(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text), environment={})
    assert caught.value.details["line"] == line
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[ask]\nk = \n", "2:5"),
        ("[ask\n", "1:5"),
        ("k = 1\nk = 2\n", "2:6"),
        ('[ask]\nprompt = """', "2:13"),
        ("a = 1\nb = 'open", "2:10"),
    ],
)
def test_syntax_errors_give_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text), environment={})
    assert caught.value.message.startswith(f"{tmp_path / 'headrace.toml'}:{place}: Not valid TOML")


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_bytes(b'# one\n# two\nname = "\xff"\n')
    with pytest.raises(ConfigError, match=r"headrace\.toml:3: The file is not UTF-8"):
        load_config(tmp_path, environment={})


def test_a_file_nested_beyond_reason(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nests too deeply"):
        load_config(write(tmp_path, f"a = {'[' * 20_000}{']' * 20_000}\n"), environment={})


@pytest.mark.parametrize(
    "table",
    [
        'base_url = "http://h/v1"\napi_key_env = "sk-SECRET"',
        'base_url = "http://h/v1"\napi_key = "sk-SECRET"',
        'base_url = "http://user:SECRET@h/v1"',
        'base_url = "http://h/v1"\ntimeout_seconds = "SECRET"',
    ],
)
def test_a_secret_in_the_wrong_place_is_never_shown(tmp_path: Path, table: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, f"[models.main]\n{table}\n"), environment={})
    shown = f"{caught.value} {caught.value.hint} {caught.value.to_wire()} {caught.value.__cause__}"
    assert "SECRET" not in shown


def test_the_closest_workspace_above_is_found(tmp_path: Path) -> None:
    deep = tmp_path / "inner" / "docs" / "deep"
    deep.mkdir(parents=True)
    write(tmp_path, "")
    assert find_workspace(deep) == tmp_path
    write(tmp_path / "inner", "")
    assert find_workspace(deep) == tmp_path / "inner"
    assert find_workspace(tmp_path / "inner") == tmp_path / "inner"


def test_without_a_workspace_every_place_looked_in_is_listed(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "headrace.toml").mkdir()  # a folder of that name is no workspace
    with pytest.raises(WorkspaceNotFound) as caught:
        find_workspace(deep)
    for place in (deep, *deep.parents):
        assert repr(str(place)) in caught.value.message
    with pytest.raises(WorkspaceNotFound):
        load_config(deep, environment={})


def test_a_folder_that_no_database_url_can_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "what?"
    folder.mkdir()
    (folder / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\n', encoding="utf-8")
    with pytest.raises(UsageError, match="question mark in its path"):
        load_config(folder)
