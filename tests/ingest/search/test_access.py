"""Who sees what: labels of documents and callers, and changes that count at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.ledger import acls, documents
from headrace.workspace import Workspace
from tests.workbench import Workbench

CONFIG = """\
[corpus.docs]
sources = ["docs"]
{labels}

[corpus.docs.recipe]
embedder = "hash"
chunk_tokens = 32
chunk_overlap = 0

{rules}
"""
RULES = '[corpus.docs.access]\n"docs/legal/*" = ["legal"]\n"docs/open/*" = ["public"]\n'


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Herons in a legal folder, an open one, and one without a rule."""
    found = Workbench(tmp_path)
    for folder in ("legal", "open", "other"):
        found.write(f"{folder}/heron.md", f"The heron of the {folder} folder wades.")
    return found


def _configure(bench: Workbench, *, rules: str = RULES, labels: str = "") -> None:
    (bench.root / "headrace.toml").write_text(CONFIG.format(rules=rules, labels=labels), encoding="utf-8")


def _seen(workspace: Workspace, *labels: str, **options: Any) -> set[str]:
    hits = workspace.search("heron wades", access=labels, **options).hits
    return {hit.document.split("/")[1] for hit in hits}


def _set_labels(workspace: Workspace, key: str, labels: list[str]) -> None:
    workspace.ledger.write(lambda tx: acls.intern(tx, key, labels))


def test_without_rules_everybody_sees_everything(bench: Workbench) -> None:
    _configure(bench, rules="")
    bench.sync()
    with bench.open() as workspace:
        assert _seen(workspace) == {"legal", "open", "other"}


def test_labels_open_documents(bench: Workbench) -> None:
    _configure(bench)
    bench.sync()
    with bench.open() as workspace:
        assert _seen(workspace) == {"open"}
        assert _seen(workspace, "legal") == {"legal", "open"}
        assert _seen(workspace, "finance", "legal") == {"legal", "open"}
        assert _seen(workspace, "Legal", "leg", "legal' OR '1'='1", "%") == {"open"}
        assert _seen(workspace, "legal", filter="document ^= 'docs/legal'") == {"legal"}


def test_default_labels_are_those_of_documents_without_a_rule(bench: Workbench) -> None:
    _configure(bench, labels='default_labels = ["staff"]')
    bench.sync()
    with bench.open() as workspace:
        assert _seen(workspace) == {"open"}
        assert _seen(workspace, "staff") == {"open", "other"}


def test_a_filter_does_not_widen_access(bench: Workbench) -> None:
    _configure(bench)
    bench.sync()
    with bench.open() as workspace:
        for wide in ("document exists", "not document = 'x'", "document = 'x' or document exists"):
            assert _seen(workspace, filter=wide) == {"open"}


def test_other_labels_for_a_rule_count_without_rewriting_rows(bench: Workbench) -> None:
    _configure(bench)
    bench.sync()
    _configure(bench, rules=RULES.replace('["legal"]', '["board"]'))
    report = bench.sync()
    assert (report.chunks.added, report.documents.updated, report.commits) == (0, 0, 0)
    with bench.open() as workspace:
        assert _seen(workspace, "legal") == {"open"}
        assert _seen(workspace, "board") == {"legal", "open"}


def test_a_label_taken_away_counts_at_once(bench: Workbench) -> None:
    _configure(bench)
    bench.sync()
    with bench.open() as workspace:
        assert "legal" in _seen(workspace, "legal")
        _set_labels(workspace, "rule:docs:docs/legal/*", [])
        assert _seen(workspace, "legal") == {"open"}
        _set_labels(workspace, "rule:docs:docs/legal/*", ["legal"])
        assert "legal" in _seen(workspace, "legal")


def test_another_label_set_for_a_document_counts_although_the_index_has_the_old_one(
    bench: Workbench,
) -> None:
    _configure(bench)
    generation = bench.sync().generation
    with bench.open() as workspace:
        secret = workspace.ledger.write(lambda tx: acls.intern(tx, "set:secret", ["secret"]))
        workspace.ledger.write(lambda tx: documents.set_acl(tx, generation, {"docs/open/heron.md": secret}))
        assert _seen(workspace) == set()
        assert _seen(workspace, "legal") == {"legal"}


def test_a_hidden_document_is_gone_at_once_and_back_at_once(bench: Workbench) -> None:
    _configure(bench)
    generation = bench.sync().generation
    uris = ["docs/open/heron.md"]
    with bench.open() as workspace, bench.open() as other:
        assert _seen(other) == {"open"}
        workspace.ledger.write(lambda tx: documents.set_state(tx, generation, uris, state="hidden"))
        assert _seen(other) == set()
        assert _seen(workspace) == set()
        workspace.ledger.write(lambda tx: documents.set_state(tx, generation, uris, state="live"))
        assert _seen(other) == {"open"}


def test_hits_behind_many_hidden_ones_are_found(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    for number in range(160):
        bench.write(f"near/{number}.md", "heron wades " * 3)
    bench.write("far.md", "A heron wades where many other words of this sentence stand beside it too.")
    generation = bench.sync().generation
    uris = [f"docs/near/{number}.md" for number in range(160)]
    with bench.open() as workspace:
        assert all("near" in hit.document for hit in workspace.search("heron wades", k=10).hits)
        workspace.ledger.write(lambda tx: documents.set_state(tx, generation, uris, state="hidden"))
        found = workspace.search("heron wades", k=10)
        assert [hit.document for hit in found.hits] == ["docs/far.md"]
        (span,) = workspace.events.trace(found.trace_id)
        assert span.attributes["dropped"] == {"hidden": 160}


def test_labels_of_records_are_their_own(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    lines = [
        {"id": "a", "text": "A heron wades.", "who": ["legal", "board"]},
        {"id": "b", "text": "Another heron wades.", "who": ["public"]},
        {"id": "c", "text": "A third heron wades.", "who": []},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    bench.configure(
        sources='{ type = "records", path = "rows.jsonl", id = "id", text = ["text"], access = "who" }'
    )
    bench.sync()
    with bench.open() as workspace:

        def ids(*labels: str) -> set[str]:
            return {hit.document[-1] for hit in workspace.search("heron wades", access=labels).hits}

        assert ids() == {"b"}
        assert ids("board") == {"a", "b"}
        assert ids("nobody", "legal") == {"a", "b"}
