"""The page, in a real browser: what a reader does with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import headrace.server.pages as pages
from tests.doors.server.browser import Browser, browser, missing
from tests.doors.server.serving import QUESTION, QUOTE, serving, small_workspace
from tests.workbench import Workbench

FILES = sorted(Path(pages.__file__).with_name("page").iterdir())
needs_browser = pytest.mark.skipif(missing() is not None, reason=f"no browser: {missing()}")


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser window."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(window: Browser, address: str) -> Browser:
    """The page, freshly opened and ready."""
    window.open("about:blank")
    window.open(f"{address}/")
    window.text(".corpus")
    return window


def test_the_page_is_made_of_its_own_files_alone(http: httpx.Client) -> None:
    index = http.get("/").raise_for_status().text
    names = set(re.findall(r"""(?:src|href)="(/[^"]+)""", index))
    for file in FILES:
        names |= {
            f"/page/{name}" for name in re.findall(r'from "\./([\w.]+)"', file.read_text(encoding="utf-8"))
        }
    assert names >= {"/page/page.js", "/page/page.css", "/page/icon.svg", "/page/prose.js"}
    for name in names:
        assert http.get(name).status_code == 200, name
    assert {f"/page/{file.name}" for file in FILES} - names == {"/page/index.html"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_no_file_names_another_site_or_writes_markup(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|//cdn|innerHTML|insertAdjacentHTML|document\.write|\beval\(", text)


@needs_browser
def test_ask_and_open_what_is_cited(page: Browser) -> None:
    assert page.run("return document.activeElement.id") == "words"
    page.type(QUESTION)
    page.type("Enter")
    assert QUOTE in page.text(".answer .prose")
    number = page.run(
        "return [...document.querySelectorAll('.source')].find((row) => row.innerText.includes(arguments[0]))"
        ".dataset.source",
        QUOTE,
    )
    page.click(f'[data-cite="{number}"]')
    assert QUOTE in page.text("#panel mark")
    assert page.text("#panel h2") == "retention.md"
    assert page.text("#panel .trail") == "Retention policy › Backups"
    page.type("Escape")
    assert page.run("return document.getElementById('panel').hidden") is True
    assert page.run("return document.activeElement.dataset.cite") == number
    assert page.log() == []


@needs_browser
def test_search_by_keyboard_alone(page: Browser) -> None:
    page.run("document.querySelector('input[value=search]').click(); document.activeElement.blur()")
    page.type("/")
    page.type("severity answer")
    page.type("Enter")
    assert "on-call.md" in page.text(".hits")
    page.run("document.activeElement.blur()")
    page.type("1")
    assert "Answer within" in page.text("#panel .passage")
    rows = page.run("return [...document.querySelectorAll('#panel td')].map((cell) => cell.innerText)")
    assert rows == ["high", "5 minutes", "low", "1 day"]
    assert page.log() == []


@needs_browser
def test_a_document_cannot_bring_scripts_along(page: Browser) -> None:
    page.run("document.querySelector('input[value=search]').click()")
    page.run("document.getElementById('words').value = 'script taken title'")
    page.click("#go")
    page.text(".hits")
    assert page.run("return document.querySelectorAll('.result script').length") == 0
    assert page.run("return document.title") != "taken"


@needs_browser
def test_why_is_a_tree_down_to_the_file(page: Browser) -> None:
    page.type(QUESTION)
    page.type("Enter")
    page.text(".answer")
    page.click("#why")
    assert page.text("#panel h2") == "Why this answer"
    kinds = page.run(
        "return [...document.querySelectorAll('#panel .tree .tree .kind')].map((k) => k.textContent)"
    )
    assert {"release", "generation", "recipe", "model", "chunk", "document", "revision", "source"} <= set(
        kinds
    )
    assert page.run("return document.querySelectorAll('#panel .tree .tree details[open]').length") == 0
    page.click("#panel .tree .tree summary")
    assert page.run("return document.querySelectorAll('#panel .tree .tree details[open]').length") == 1
    assert page.log() == []


@needs_browser
def test_errors_say_what_to_do(page: Browser) -> None:
    page.run("document.querySelector('.limits').open = true; document.getElementById('filter').value = '???'")
    page.run("document.getElementById('words').value = 'x'")
    page.click("#go")
    shown = page.text("[role=alert]")
    assert "is not understood" in shown
    assert "Write for example" in shown
    assert "FilterError" in shown
    page.log()  # the browser notes the 400 itself


@needs_browser
def test_nothing_found_is_said(page: Browser) -> None:
    page.run("document.querySelector('input[value=search]').click()")
    page.run("document.querySelector('.limits').open = true")
    page.run("document.getElementById('filter').value = \"title = 'no such title'\"")
    page.run("document.getElementById('words').value = 'backups'")
    page.click("#go")
    page.wait("return document.querySelector('#result .notice')?.innerText.includes('No passage fits')")


@needs_browser
def test_a_link_runs_a_search_but_never_a_question(window: Browser, address: str) -> None:
    window.open("about:blank")
    window.open(f"{address}/#search=backups")
    assert "retention.md" in window.text(".hits")
    window.open("about:blank")
    window.open(f"{address}/#ask=backups")
    window.wait("return document.getElementById('words').value === 'backups'")
    assert window.run("return document.querySelector('.answer, .waiting')") is None


@needs_browser
def test_a_phone_can_show_it(page: Browser) -> None:
    page.resize(500, 900)
    try:
        page.run("document.getElementById('words').value = arguments[0]", QUESTION)
        page.click("#go")
        page.text(".answer")
        page.click("#why")
        page.text("#panel .tree")
        assert page.run("return document.documentElement.scrollWidth <= innerWidth") is True
    finally:
        page.resize(1280, 860)


@needs_browser
def test_an_empty_workspace_says_what_to_run(
    window: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bench = small_workspace(tmp_path_factory.mktemp("empty"))
    with serving(bench.root) as address:
        window.open(f"{address}/")
        assert "headrace sync" in window.text("#result .notice")
        assert "not synced yet" in window.text(".corpus")


@needs_browser
def test_what_no_longer_holds_says_so(window: Browser, tmp_path: Path) -> None:
    old = Workbench(tmp_path)
    text = "Receipts are due within {} days after the trip ends, and flights need the approval of a manager."
    old.write("travel-2024.md", text.format(60))
    old.write("travel-2025.md", text.format(30))
    old.write("offer.md", "---\nvalid_to: 2024-06-30\n---\nReceipts of half the price.")
    old.sync()
    with serving(old.root) as address:
        window.open("about:blank")
        window.open(f"{address}/")
        window.text(".corpus")
        window.run("document.querySelector('input[value=search]').click()")
        window.run("document.getElementById('words').value = 'receipts due after the trip'")
        window.click("#go")
        window.text(".hits")
        shown = window.run(
            "return Object.fromEntries([...document.querySelectorAll('.hit')].map((hit) => "
            "[hit.querySelector('.file').firstChild.textContent, "
            "hit.querySelector('.standing')?.innerText || '']"
            "))"
        )
        assert shown["travel-2025.md"] == ""
        assert shown["travel-2024.md"].split() == ["superseded", "see", "travel-2025.md", "changed", "today"]
        assert shown["offer.md"].split() == ["expired", "valid", "to", "2024-06-30", "changed", "today"]
        window.click(".hit[data-source='2']")
        assert "superseded by" in window.text("#panel .facts")
        assert window.log() == []
