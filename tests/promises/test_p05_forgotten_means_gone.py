"""P5: what was forgotten is in no store, version, cache or call any more, and it stays out."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import lance
import pytest

from headrace.errors import NotFoundError, UsageError
from headrace.flows.forget import restore as _restore  # noqa: F401 - declares the failpoints of forgetting
from headrace.ledger.events import sqlite as _events  # noqa: F401 - declares those of the calls
from headrace.ledger.failpoints import NAMES
from headrace.records.forget import ForgetReport
from headrace.workspace import Workspace
from tests import sightings
from tests.fakes.openai_server import OpenAIServer, Reply, Seen
from tests.ingest.sources.site import Site
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

PAGES = "erase.pages_deleted"
"""Passed only where web pages are cached."""
FAILPOINTS = sorted(name for name in NAMES if name.startswith("erase.") and name != PAGES)
SECRET = "docs/letters/marlowe.md"
SHARED = "Herons nest in the old mill every spring and nobody disturbs them."
FIRST = "Quentin Marlowe hid the zanzibar ledger under the floor of the boathouse."
SECOND = "Quentin Marlowe moved the zanzibar ledger behind the clock in the hall."
CANARIES = (
    FIRST[:40],
    SECOND[:40],
    "letters/marlowe.md",
    "The Zanzibar correspondence",
    "marlowe@example.org",
)
STORES = {"ledger", "events", "generations", "generations by version"}
_FORGET = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    report = workspace.forget(sys.argv[2])
    sys.exit(0 if report.certificate and not report.scan.hits else 1)
"""


def letter(text: str) -> str:
    return (
        "---\ntitle: The Zanzibar correspondence\nwriter: marlowe@example.org\nsubject: person-17\n---\n"
        f"# A letter\n\n{text} It says more about boats, and of the weather that year.\n\n{SHARED}\n"
    )


def configure(
    bench: Workbench, *, ledger: str | None = None, chunk_tokens: int = 32, extra: str = ""
) -> None:
    bench.configure(ledger=ledger, chunk_tokens=chunk_tokens, extra=f'[erasure]\nreader_wait = "0s"\n{extra}')


def busy(root: Path, *, ledger: str | None = None, recipes: bool = True) -> Workbench:
    """A workspace with three documents, two revisions of one, two generations, calls and a failed sync."""
    bench = Workbench(root)
    configure(bench, ledger=ledger)
    bench.write("letters/marlowe.md", letter(FIRST))
    bench.write("birds.md", f"# Birds\n\n{SHARED}\n\nOther birds nest elsewhere.")
    bench.write("mill.md", f"# The mill\n\nThe mill stands by the river.\n\n{SHARED}")
    bench.sync()
    with bench.open() as workspace:
        workspace.search("zanzibar ledger boathouse")
        workspace.ask("Where is the zanzibar ledger of Quentin Marlowe?")
    (bench.root / SECRET).write_bytes(b"\x00 no text \x00")
    assert len(bench.sync().failures) == 1
    bench.write("letters/marlowe.md", letter(SECOND))
    bench.sync()
    if recipes:
        configure(bench, ledger=ledger, chunk_tokens=48)
        bench.sync()
        with bench.open() as workspace:
            workspace.ask("Who moved the zanzibar ledger behind the clock?")
    return bench


def everywhere(bench: Workbench, *, postgres: str | None = None) -> set[str]:
    """Where any canary is seen."""
    return set().union(
        *(sightings.seen(bench.root / ".headrace", canary, postgres=postgres) for canary in CANARIES)
    )


def whole(bench: Workbench) -> None:
    """The other documents still serve, with the paragraph they share."""
    with bench.open() as workspace:
        hits = workspace.search(SHARED, k=20).hits
        assert {hit.document for hit in hits if SHARED in hit.text} == {"docs/birds.md", "docs/mill.md"}
        assert SECRET not in {hit.document for hit in workspace.search("zanzibar ledger", k=20).hits}
        assert workspace.search("zanzibar ledger").warnings == ()


def certified(report: ForgetReport) -> None:
    assert report.certificate is not None
    assert report.scan.hits == 0
    assert report.scan.bytes > 0
    assert report.unproven == ()
    assert {item.store: item.items for item in report.erased} == {
        item.store: item.items for item in report.found
    }


def test_forgetting_leaves_nothing_anywhere(tmp_path: Path) -> None:
    bench = busy(tmp_path)
    assert everywhere(bench) >= STORES
    with bench.open() as workspace:
        table = lance.dataset(next((tmp_path / ".headrace/index/generations").glob("*.lance")))
        table.tags.create("kept", min(item["version"] for item in table.versions()[2:]))
        before = workspace.search(SHARED, k=20).hits
        half = tmp_path / ".headrace/index/generations" / Path(str(table.uri)).name / "data" / "half.lance"
        half.write_bytes(FIRST.encode() + b" cut off by a kill")
        preview = workspace.forget(SECRET, dry_run=True)
        assert everywhere(bench) >= STORES, "a dry run wrote something"
        report = workspace.forget(SECRET, reason="they asked")
        assert preview.found == report.found
        certified(report)
        assert report.certificate is not None
        assert report.certificate["statement"]["scan"]["undecoded_files"] == 0
        assert not half.exists()
        assert list(report.certificate["statement"]["rewritten_tags"].values()) == [["kept"]]
        assert set(lance.dataset(str(table.uri)).tags.list()) == {"kept"}
        after = workspace.search(SHARED, k=20).hits
        assert {hit.chunk_id for hit in after} == {hit.chunk_id for hit in before if hit.document != SECRET}
    assert everywhere(bench) == set()
    whole(bench)
    report_after = bench.sync()
    assert (report_after.documents.suppressed, report_after.documents.added) == (1, 0)
    assert everywhere(bench) == set()
    fresh = Workbench(tmp_path / "fresh")
    configure(fresh, chunk_tokens=48)
    for name in ("birds.md", "mill.md"):
        shutil.copy(bench.root / "docs" / name, fresh.root / "docs" / name)
    assert fresh.sync().digest == report_after.digest


def test_a_certificate_holds_no_names_and_can_be_checked(tmp_path: Path) -> None:
    bench = busy(tmp_path, recipes=False)
    configure(bench, extra='[[erasure.backups]]\nname = "nightly"\nexpires = "35d"\n')
    with bench.open() as workspace:
        report = workspace.forget("marlowe.md")
        assert report.certificate is not None
        assert report.erasure is not None
        shown = repr(report.certificate)
        assert not any(word in shown for word in ("marlowe", "letters", "zanzibar", "person-17"))
        assert report.certificate["statement"]["backups_pending"][0]["name"] == "nightly"
        file = tmp_path / ".headrace" / "certificates" / f"{report.erasure}.json"
        assert workspace.verify_certificate(report.erasure).valid
        forged = tmp_path / "forged.json"
        forged.write_text(file.read_text().replace('"hits": 0', '"hits": 1'))
        assert not workspace.verify_certificate(str(forged)).valid
        with pytest.raises(UsageError, match="no certificate"):
            forged.write_text("{}")
            workspace.verify_certificate(str(forged))
        assert oct((tmp_path / ".headrace/keys/sign.key").stat().st_mode)[-3:] == "600"


def test_every_step_has_a_failpoint() -> None:
    assert {name.removeprefix("erase.") for name in FAILPOINTS} == {
        "embeddings_rewritten",
        "hidden",
        "in_calls_transaction",
        "in_curation_transaction",
        "in_evals_transaction",
        "in_events_transaction",
        "in_golden_transaction",
        "in_ledger_transaction",
        "in_profiles_transaction",
        "in_sessions_transaction",
        "in_signals_transaction",
        "index_rewritten",
        "listed",
        "scanned",
        "signed",
        "steps_in_transaction",
        "store_cleaned",
        "store_erased",
    }


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_then_forget_again_or_sync(tmp_path: Path, failpoint: str) -> None:
    _kill_and_go_on(tmp_path, failpoint)


def test_kill_then_go_on_with_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kill_and_go_on(tmp_path, "erase.store_erased", ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_full_matrix(
    tmp_path: Path, request: pytest.FixtureRequest, failpoint: str, nth: int, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    _kill_and_go_on(tmp_path, f"{failpoint}=kill:{nth}", ledger=ledger)


def _kill_and_go_on(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = busy(root, ledger=ledger)
    tables = {"table documents", "table runs", "table event_spans"} | (STORES - {"ledger", "events"})
    assert everywhere(bench, postgres=ledger) >= (STORES if ledger is None else tables)
    killed = _forget_in_process(bench, failpoint)
    assert was_killed(killed) or ":" in failpoint, killed.stderr
    if failpoint.endswith("listed") or "store_" in failpoint:
        assert bench.sync().documents.suppressed == 1  # the next sync goes on
    else:
        again = _forget_in_process(bench, "")
        assert again.returncode == 0 or ":" in failpoint or "signed" in failpoint, again.stderr
    assert everywhere(bench, postgres=ledger) == set()
    whole(bench)
    assert bench.sync().documents.suppressed == 1
    assert everywhere(bench, postgres=ledger) == set()


def _forget_in_process(
    bench: Workbench, failpoints: str, ref: str = SECRET
) -> subprocess.CompletedProcess[str]:
    return run_python(_FORGET, str(bench.root), ref, failpoints=failpoints)


def test_readers_get_clean_answers_meanwhile(tmp_path: Path) -> None:
    bench = busy(tmp_path)
    problems: list[BaseException] = []
    hidden, done = threading.Event(), threading.Event()
    counted = 0

    def read(reader: Workspace) -> None:
        nonlocal counted
        while not done.is_set():
            after = hidden.is_set()
            try:
                hits = reader.search(SHARED, k=20).hits
                reader.why("docs/birds.md")
                reader.ask("Where do herons nest?")
                assert {"docs/birds.md", "docs/mill.md"} <= {hit.document for hit in hits}
                assert not after or SECRET not in {hit.document for hit in hits}
            except BaseException as error:  # noqa: BLE001 - shown by the test
                problems.append(error)
                return
            counted += 1

    with bench.open() as reader, bench.open() as writer:
        threads = [threading.Thread(target=read, args=(reader,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            writer.hide(SECRET)
            hidden.set()
            certified(writer.forget(SECRET))
            for number in range(3):
                bench.write(f"more{number}.md", f"More, number {number}.")
                writer.sync()
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert problems == []
    assert counted > 3


def test_an_answer_that_was_being_written_does_not_bring_it_back(tmp_path: Path) -> None:
    bench = busy(tmp_path, recipes=False)
    with OpenAIServer(answer=f'It is there. [1: "{SECOND[:30]}"]') as server:
        model = f'\n[ask]\nmodel = "far"\n[models.far]\nbase_url = "{server.base_url}"\nmodel = "x"\n'
        configure(bench, extra=model)
        with bench.open() as workspace, bench.open() as other:

            def forget_meanwhile(seen: Seen, reply: Reply) -> Reply:
                certified(other.forget(SECRET))
                return reply

            server.misbehave(forget_meanwhile, times=1)
            answer = workspace.ask("Who moved the zanzibar ledger behind the clock?")
            assert SECRET not in {citation.document for citation in answer.citations}
            assert "Quentin" in str(server.requests[0].body)
            assert "Quentin" not in str(server.requests[1].body)
    assert everywhere(bench) == set()


def test_a_restored_backup_does_not_bring_it_back(tmp_path: Path) -> None:
    bench = busy(tmp_path / "here")
    state = bench.root / ".headrace"
    shutil.copytree(state, tmp_path / "backup")
    with bench.open() as workspace:
        certified(workspace.forget(SECRET))
    kept = {name: state / name for name in ("keys", "erasures.jsonl")}
    for path in tmp_path.joinpath("backup").iterdir():
        if path.name not in kept:
            target = state / path.name
            if target.is_dir():
                shutil.rmtree(target)
                shutil.copytree(path, target)
            else:
                shutil.copy(path, target)
    for log in state.glob("ledger.sqlite-*"):
        log.unlink()
    assert everywhere(bench) >= STORES
    assert bench.sync().documents.suppressed == 1
    assert everywhere(bench) == set()
    whole(bench)


def test_what_was_forgotten_comes_back_only_when_allowed(tmp_path: Path) -> None:
    bench = busy(tmp_path, recipes=False)
    with bench.open() as workspace:
        workspace.forget(SECRET)
    bench.write("letters/copy.md", letter(SECOND))
    report = bench.sync()
    assert (report.documents.suppressed, report.documents.added) == (2, 0), (
        "a copy came in under another name"
    )
    (tmp_path / "docs/letters/copy.md").unlink()
    with bench.open() as workspace:
        with pytest.raises(NotFoundError):
            workspace.allow("docs/letters/unknown.md")
        assert workspace.allow(SECRET).allowed == 1
        assert workspace.sync().documents.added == 1
        certified(workspace.forget(SECRET))
        assert workspace.sync().documents.suppressed == 1


def test_a_subject_and_a_source_are_forgotten_as_one(tmp_path: Path) -> None:
    bench = busy(tmp_path, recipes=False)
    bench.write("letters/second.md", letter("Another letter by the same hand.").replace("boats", "ships"))
    bench.sync()
    with bench.open() as workspace:
        report = workspace.forget("subject:person-17", confirmed=True)
        certified(report)
        assert len(report.documents) == 2
        certified(workspace.forget("source:docs", confirmed=True))
    bench.write("new.md", "A new document of a forgotten source.")
    assert bench.sync().documents.added == 0
    with bench.open() as workspace:
        workspace.allow("source:docs")
    assert bench.sync().documents.added == 3


def crawled(root: Path, site: Site) -> Workbench:
    """A workspace with a small site, one page of which was cached in two revisions."""
    bench = Workbench(root)
    spec = f'{{type = "web", url = "{site.url}/", delay_seconds = 0}}'
    bench.configure(sources=spec, extra='[erasure]\nreader_wait = "0s"\n')
    site.page("/", "/secret", "/other", text="The first page of a small site.")
    site.page("/secret", text=f"<p>{FIRST}</p>")
    site.page("/other", text="<p>Another page, about herons and their nests.</p>")
    bench.sync()
    site.page("/secret", text=f"<p>{SECOND}</p>")
    bench.sync()
    return bench


def emptied(bench: Workbench, site: Site) -> None:
    """Nothing of the page is left, and it stays out."""
    state = bench.root / ".headrace"
    for canary in (FIRST[:40], SECOND[:40], f"{site.url}/secret"):
        assert sightings.seen(state, canary) <= {"blobs"}, "only the page that links to it names it"
    for text in (FIRST[:40], SECOND[:40]):
        assert sightings.seen(state, text) == set()
    assert bench.sync().documents.suppressed == 1
    for text in (FIRST[:40], SECOND[:40]):
        assert sightings.seen(state, text) == set()
    with bench.open() as workspace:
        assert len({hit.document for hit in workspace.search("herons page").hits}) == 2


def test_the_page_cache_is_emptied_and_stays_so(tmp_path: Path) -> None:
    with Site() as site:
        bench = crawled(tmp_path, site)
        state = tmp_path / ".headrace"
        found = sightings.seen(state, FIRST[:40]) | sightings.seen(state, SECOND[:40])
        assert found >= {"blobs", "generations"}
        assert "web" in sightings.seen(state, f"{site.url}/secret")
        with bench.open() as workspace:
            report = workspace.forget(f"{site.url}/secret")
            certified(report)
            assert "pages" in {item.store for item in report.erased}
        emptied(bench, site)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_between_two_cached_pages_leaves_none(tmp_path: Path, nth: int) -> None:
    with Site() as site:
        bench = crawled(tmp_path, site)
        page = f"{site.url}/secret"
        assert was_killed(_forget_in_process(bench, f"{PAGES}=kill:{nth}", ref=page))
        again = _forget_in_process(bench, "", ref=page)
        assert again.returncode == 0, again.stderr
        emptied(bench, site)


def test_hidden_at_once_shown_again_and_erased_when_due(tmp_path: Path) -> None:
    bench = busy(tmp_path)
    with bench.open() as workspace, bench.open() as reader:
        assert SECRET in {hit.document for hit in reader.search("zanzibar ledger").hits}
        workspace.hide(SECRET, reason="not yet")
        assert SECRET not in {hit.document for hit in reader.search("zanzibar ledger").hits}
        assert SECRET not in {item.document for item in reader.ask("zanzibar ledger?").citations}
        assert "zanzibar" not in repr(reader.why(SECRET)).lower()
        bench.write("letters/marlowe.md", letter(SECOND + " Again."))
        workspace.sync()
        assert SECRET not in {hit.document for hit in reader.search("zanzibar ledger").hits}
        workspace.unhide(SECRET)
        assert SECRET in {hit.document for hit in reader.search("zanzibar ledger").hits}
        workspace.hide(SECRET)
    configure(bench, chunk_tokens=48, extra='hidden_ttl = "0s"\n')
    with bench.open() as workspace:
        with pytest.raises(UsageError, match="time is over"):
            workspace.unhide(SECRET)
        (report,) = workspace.forget_due()
        certified(report)
    assert everywhere(bench) == set()
    whole(bench)


def test_what_cannot_be_scanned_is_not_certified(tmp_path: Path) -> None:
    bench = busy(tmp_path, recipes=False)
    configure(bench)
    text = (tmp_path / "headrace.toml").read_text()
    (tmp_path / "headrace.toml").write_text(f'[storage]\nindex = "s3://far/index"\n{text}')
    with bench.open() as workspace:
        with pytest.raises(UsageError, match="the index"):
            workspace.forget(SECRET)
        assert workspace.hide(SECRET).state == "hidden"
    assert everywhere(bench) >= STORES


def test_an_unfinished_erasure_shows_in_status(tmp_path: Path) -> None:
    bench = busy(tmp_path, recipes=False)
    assert was_killed(_forget_in_process(bench, "erase.hidden"))
    with bench.open() as workspace:
        assert workspace.status().erasures_unfinished == 1
        workspace.sync()
        assert workspace.status().erasures_unfinished == 0
