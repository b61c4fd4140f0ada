"""How a workspace stands, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, moment, show_indented, show_row, size
from headrace.cli.views.failures import show_failures
from headrace.cli.views.freshness import show_debt, show_source
from headrace.cli.views.metadata import lacking_text
from headrace.records.explain import CorpusStatus, StatusReport


def show_status(console: Console, report: StatusReport) -> None:
    """The workspace, then one block per corpus."""
    console.print(Text.assemble((one_line(report.workspace), "bold"), f"  {one_line(report.environment)}"))
    show_row(console, "release", one_line(report.release or "none yet"))
    show_row(console, "ledger", f"{one_line(report.ledger)}, {count(report.calls_today, 'call')} today")
    if report.storage_bytes:
        stores = ", ".join(f"{one_line(name)} {size(held)}" for name, held in report.storage_bytes.items())
        show_row(console, "storage", stores)
    if report.erasures_unfinished:
        begun = f"{count(report.erasures_unfinished, 'erasure')} not finished; `headrace sync` goes on"
        show_row(console, "forgetting", Text(begun, style="yellow"))
    for corpus in report.corpora:
        console.print()
        _show_corpus(console, corpus)
    if not report.corpora:
        console.print("No corpus is configured. Next: add a [corpus.NAME] table to headrace.toml.")


def _show_corpus(console: Console, corpus: CorpusStatus) -> None:
    holds = f"{count(corpus.documents, 'document')}, {count(corpus.chunks, 'chunk')}"
    console.print(Text.assemble((one_line(corpus.corpus), "bold"), f"  {holds}"))
    show_row(console, "sources", ", ".join(one_line(source) for source in corpus.sources) or "none")
    if corpus.embedder:
        show_row(console, "embedder", one_line(corpus.embedder))
    if corpus.generation:
        show_row(console, "generation", one_line(corpus.generation))
    show_row(console, "fresh", _freshness(corpus))
    for source in corpus.freshness:
        show_source(console, source)
    show_debt(console, corpus.debt)
    _show_last_sync(console, corpus)
    _show_metadata(console, corpus)
    if corpus.withheld:
        held = f"{count(corpus.withheld, 'deletion')} waiting for a decision"
        show_row(console, "withheld", Text(held, style="yellow"))
    _show_embedding(console, corpus)
    _show_quarantine(console, corpus)
    rows = [
        (str(failure.get("document", "")), str(failure.get("stage", "")), str(failure.get("error", "")))
        for failure in failed(corpus)
    ]
    if rows:
        show_row(console, "failed", Text(count(len(rows), "document"), style="red"))
        show_failures(console, rows, rest="headrace status --json")
    _show_aliases(console, corpus)
    step = next_step(corpus)
    if step is not None:
        show_row(console, "next", f"{step[0]}:")
        show_row(console, "", step[1])


def _show_aliases(console: Console, corpus: CorpusStatus) -> None:
    """Near duplicates, and what is served for them."""
    if not corpus.aliases:
        return
    show_row(console, "aliases", f"{count(len(corpus.aliases), 'document')} with another one served for it")
    rows = [
        (str(item["document"]), str(item["fate"]), f"of {item['winner']} (score {item['similarity']:.2f})")
        for item in corpus.aliases
    ]
    show_failures(console, rows, rest="headrace status --json", style="dim")


def _show_embedding(console: Console, corpus: CorpusStatus) -> None:
    if corpus.embedder_blocked:
        show_row(console, "blocked", Text(f"its embedder: {one_line(corpus.embedder_blocked)}", style="red"))
    if corpus.dead_letters:
        show_row(
            console, "refused", Text(f"{count(corpus.dead_letters, 'text')} by the embedder", style="red")
        )
    for name, states in corpus.steps.items():
        said = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
        style = "yellow" if set(states) - {"written"} else ""
        show_row(console, "step", Text(f"{one_line(name)}: {said}", style=style))
    if corpus.recall is not None and corpus.probe_floor is not None:
        style = "red" if corpus.recall < corpus.probe_floor else ""
        found = f"{corpus.recall:.0%} of known answers found, the floor is {corpus.probe_floor:.0%}"
        show_row(console, "probes", Text(found, style=style))


def failed(corpus: CorpusStatus) -> list[Mapping[str, Any]]:
    """What failed, without what gates keep out."""
    return [failure for failure in corpus.failures if failure.get("stage") not in ("gate", "dropped")]


def _show_quarantine(console: Console, corpus: CorpusStatus) -> None:
    if corpus.quarantine:
        waiting = ", ".join(f"{number:,} {one_line(gate)}" for gate, number in corpus.quarantine.items())
        total = count(sum(corpus.quarantine.values()), "document")
        show_row(console, "quarantine", Text(f"{total} waiting", style="yellow"))
        show_indented(console, waiting, columns=13)
        show_row(console, "", "headrace gate quarantine list")


def _freshness(corpus: CorpusStatus) -> str:
    if corpus.freshness_seconds is None:
        return "never read in full"
    return f"sources read in full {duration(corpus.freshness_seconds)} ago"


def _show_last_sync(console: Console, corpus: CorpusStatus) -> None:
    if corpus.last_sync_us is None:
        return
    took = f", took {duration(corpus.last_sync_seconds)}" if corpus.last_sync_seconds is not None else ""
    state = f", {one_line(corpus.last_run_state)}" if corpus.last_run_state else ""
    show_row(console, "last sync", f"{moment(corpus.last_sync_us)}{took}{state}")


def _show_metadata(console: Console, corpus: CorpusStatus) -> None:
    if corpus.metadata_missing:
        show_row(console, "lacking", Text(lacking_text(corpus.metadata_missing), style="yellow"))
        show_row(console, "", "headrace index backfill-metadata")
    if corpus.metadata_misfits:
        listed = ", ".join(
            f"{one_line(name)} in {count(documents, 'document')}"
            for name, documents in corpus.metadata_misfits.items()
        )
        show_row(console, "misfits", Text(listed, style="yellow"))


def next_step(corpus: CorpusStatus) -> tuple[str, str] | None:
    """What most needs doing for this corpus and the command that does it; None when it is well."""
    sync = f"headrace sync --corpus {one_line(corpus.corpus)}"
    if corpus.generation is None or corpus.last_sync_us is None:
        return "nothing synced yet", sync
    if corpus.withheld:
        return "if the deletions are meant", f"{sync} --confirm-deletes"
    if corpus.embedder_blocked:
        return "see what changed", f"headrace embed check --corpus {one_line(corpus.corpus)}"
    if corpus.dead_letters:
        return "correct the documents, or send the texts again", "headrace embed retry"
    if any(states.get("waiting") for states in corpus.steps.values()):
        return "ask for what steps have not written yet", sync
    if any(states.get("failed") for states in corpus.steps.values()):
        return "see why steps failed", "headrace step dead-letters"
    if failed(corpus):
        return "correct or remove the failed documents, then", sync
    if not corpus.documents:
        return "put some documents into its sources, then", sync
    return None
