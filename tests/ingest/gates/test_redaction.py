"""Gates on personal data and secrets: verdicts without values, and documents with them taken out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st
from rich.console import Console

from headrace.cli.views.sync import show_sync
from headrace.errors import ConfigError
from headrace.ingest.gates.personal_data import PersonalData
from headrace.ingest.gates.redaction import redacted
from headrace.ingest.gates.secrets import Secrets
from headrace.ingest.parsing.outline import find_headings
from headrace.records.document import ParsedDocument
from tests.ingest.gates.documents import PROSE, judge
from tests.workbench import Workbench

MAIL = "jane.doe@example.com"
IBAN = "DE89370400440532013000"
TEXT = f"# The mill\n\nMail {MAIL} now.\n\n## Pay {MAIL}\n\nTo {IBAN}, please.\n\n### After\n\n{PROSE}\n"


def document(text: str) -> ParsedDocument:
    """A Markdown document with its headings; a page begins at each heading."""
    headings = find_headings(text)
    return ParsedDocument(
        text=text,
        kind="markdown",
        media_type="text/markdown",
        title=f"Write to {MAIL}",
        headings=headings,
        pages=[heading.start for heading in headings],
        metadata={"author": MAIL, "year": 2020},
    )


def test_a_verdict_names_types_and_place_and_never_the_value() -> None:
    verdict = judge(PersonalData(), TEXT)
    assert (verdict.verdict, verdict.score) == ("fail", 3)
    assert verdict.reason == "2 EMAIL_ADDRESS, 1 IBAN_CODE"
    assert verdict.evidence is not None
    assert TEXT[verdict.evidence.start : verdict.evidence.end] == MAIL
    assert judge(PersonalData(types=("IBAN_CODE",)), TEXT).score == 1
    assert judge(PersonalData(ignore=("EMAIL_ADDRESS",), maximum_findings=1), TEXT).verdict == "pass"
    secret = judge(Secrets(), "The password: hunter2Xyz!9 opens the gate.")
    assert (secret.verdict, secret.reason) == ("fail", "1 PASSWORD")
    assert judge(Secrets(), PROSE).verdict == judge(PersonalData(), PROSE).verdict == "pass"


def test_what_is_found_goes_and_headings_and_pages_stay_where_they_belong() -> None:
    gate = PersonalData()
    clean = redacted(document(TEXT), gate.redact)
    assert MAIL not in repr(clean)
    assert IBAN not in repr(clean)
    assert gate.redact(clean.text) == []
    assert [heading.text for heading in clean.headings] == ["The mill", "Pay [EMAIL_ADDRESS]", "After"]
    assert [clean.text[heading.start :].split()[0] for heading in clean.headings] == ["#", "##", "###"]
    assert list(clean.pages) == [heading.start for heading in clean.headings]
    assert (clean.title, clean.metadata) == (
        "Write to [EMAIL_ADDRESS]",
        {"author": "[EMAIL_ADDRESS]", "year": 2020},
    )


PARTS = st.sampled_from(
    [MAIL, IBAN, "é", "\n\n## Part\n\n", "\u200b", " to ", "水", "4111 1111 1111 1111", "@", "."]
)


@property_of(parts=st.lists(PARTS, max_size=14))
@settings(max_examples=80, deadline=None)
def test_redaction_leaves_nothing_to_find_and_no_heading_outside(parts: list[str]) -> None:
    gate = PersonalData()
    clean = redacted(document("# Top\n\n" + "".join(parts)), gate.redact)
    assert gate.redact(clean.text) == []
    starts = [heading.start for heading in clean.headings]
    assert starts == sorted(starts)
    assert all(clean.text[start] == "#" for start in starts)


def test_a_sync_serves_the_redacted_text_and_counts_it(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(
        extra='\n[[corpus.docs.gates]]\nname = "personal_data"\n[[corpus.docs.gates]]\nname = "secrets"\n'
    )
    bench.write("pay.md", TEXT)
    bench.write("key.md", f"{PROSE}\n\nThe password: hunter2Xyz!9 opens the gate.")
    bench.write("good.md", PROSE)
    report = bench.sync()
    assert {name: (count.passed, count.failed, count.redacted) for name, count in report.gates.items()} == {
        "personal_data": (2, 0, 1),
        "secrets": (2, 1, 0),
    }
    assert report.quarantined == 1
    console = Console(record=True, width=80, file=io.StringIO())
    show_sync(console, report)
    assert "personal_data: 2 passed, 0 failed, 1 redacted" in console.export_text()
    assert "hunter2" not in repr(report)
    rows = bench.rows()
    assert {row["document"] for row in rows} == {"docs/pay.md", "docs/good.md"}
    assert MAIL not in repr(rows)
    assert IBAN not in repr(rows)
    with bench.open() as workspace:
        hits = workspace.search("EMAIL_ADDRESS", k=3).hits
    assert "[EMAIL_ADDRESS]" in "".join(hit.text for hit in hits)


def test_a_type_that_is_not_known_is_refused(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra='\n[[corpus.docs.gates]]\nname = "personal_data"\ntypes = ["SHOE_SIZE"]\n')
    with pytest.raises(ConfigError, match="'SHOE_SIZE' is no type of personal data"):
        bench.open()
