"""Gate `personal_data` with the lists of names of a workspace."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.gates.documents import PROSE
from tests.workbench import Workbench, rows

LISTS = '\n[privacy]\npeople = "users.txt"\norganizations = "customers.txt"\n'
GATE = '\n[[corpus.docs.gates]]\nname = "personal_data"\n'
TEXT = f"{PROSE} Brünhild Ågren of Muster & Söhne called; Jane Miller did not."


def listed(root: Path, *, gate: str = GATE, lists: str = LISTS) -> Workbench:
    """A workbench with lists of names and the gate."""
    (root / "users.txt").write_text("# ours\nBrünhild Ågren\n", encoding="utf-8")
    (root / "customers.txt").write_text("Muster & Söhne\n", encoding="utf-8")
    bench = Workbench(root)
    bench.configure(extra=gate + lists)
    bench.write("a.md", TEXT)
    return bench


def text_of(bench: Workbench) -> str:
    """All that readers see."""
    with bench.open() as workspace:
        return " ".join(row["text"] for row in rows(workspace))


def test_names_of_the_lists_are_found_redacted_and_part_of_the_recipe(tmp_path: Path) -> None:
    bench = listed(tmp_path)
    first = bench.sync()
    served = text_of(bench)
    assert "[PERSON] of [ORGANIZATION] called" in served
    assert "Jane Miller did not" in served
    assert first.gates["personal_data"].redacted == 1
    with bench.open() as workspace:
        (verdict,) = workspace.gates.test(tmp_path / "docs" / "a.md")
        recipe = workspace._sync_context("docs").recipe
    assert verdict.reason == "1 ORGANIZATION, 1 PERSON"
    assert verdict.evidence is not None
    assert TEXT[verdict.evidence.start : verdict.evidence.end] == "Brünhild Ågren"
    # The same names in another order, with another remark, are the same list.
    (tmp_path / "users.txt").write_text("Brünhild Ågren\n# same\n\nBrünhild Ågren\n", encoding="utf-8")
    with bench.open() as workspace:
        assert workspace._sync_context("docs").recipe.digest == recipe.digest
    assert bench.sync().generation == first.generation
    (tmp_path / "users.txt").write_text("Jane Miller\n", encoding="utf-8")
    with bench.open() as workspace:
        assert workspace._sync_context("docs").recipe.digest != recipe.digest
        assert workspace.gates.replay().corpora[0].judged == 1
    second = bench.sync()
    assert second.generation != first.generation
    assert "Brünhild Ågren of [ORGANIZATION] called; [PERSON] did not" in text_of(bench)


def test_lists_count_only_where_their_types_are_looked_for(tmp_path: Path) -> None:
    bench = listed(tmp_path, gate=GATE + 'ignore = ["PERSON"]\n')
    with bench.open() as workspace:
        (verdict,) = workspace.gates.test(tmp_path / "docs" / "a.md")
    assert verdict.reason == "1 ORGANIZATION"
    digests = set()
    for lists in ("", LISTS):
        bench.configure(extra=GATE + 'types = ["EMAIL_ADDRESS"]\n' + lists)
        with bench.open() as workspace:
            (verdict,) = workspace.gates.test(tmp_path / "docs" / "a.md")
            digests.add(workspace._sync_context("docs").recipe.digest)
        assert verdict.verdict == "pass"
    assert len(digests) == 1


def test_no_name_of_a_list_lies_in_the_ledger(tmp_path: Path) -> None:
    bench = listed(tmp_path)
    bench.sync()
    ledger = [file for file in (tmp_path / ".headrace").iterdir() if file.name.startswith("ledger")]
    held = b"".join(file.read_bytes() for file in ledger)
    assert held
    assert "Brünhild Ågren".encode() not in held
