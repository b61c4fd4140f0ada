"""A page gives its content as Markdown and leaves its furniture behind."""

from __future__ import annotations

import pytest

from headrace.errors import ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.htmlpage import parse_html
from headrace.records.document import ParsedDocument

PAGE = """<html lang=en><head><title>Rebuilds | Docs</title><meta name=description content="How to rebuild">
<body><header><a href=/>Home</a></header><nav><ul><li>Menu</ul></nav>
<div class="cookie-banner">We use cookies</div>
<main><h1>Rebuilds<a class=headerlink href="#x">¶</a></h1>
<p>Hello <b>bold</b> <code>x = 1</code><br>next &amp; last</p>
<script>alert(1)</script><style>p{}</style><div hidden>secret</div><p style="display: none">unseen</p>
<ul><li>one<ul><li>inner</ul><li>two</ul><ol start=3><li>three<li>four</ol>
<pre><code class="language-python">def f():
    return 1
</code></pre>
<table><tr><th>A<th>B</tr><tr><td>1|2<td><b>x</b><br>y</tr></table><blockquote><p>quoted</p></blockquote>
<h2>Cost &amp; time</h2><p>See <a href="/more">the guide</a>. <img src=x alt="A chart"></p></main>
<aside>Related</aside><footer>All rights reserved</footer></body></html>"""


def parse(page: str, **hints: str) -> ParsedDocument:
    return parse_html(page.encode(), name="page.html", hints=Hints(charset=hints.get("charset")))


def test_content_as_markdown() -> None:
    assert parse(PAGE).text == (
        "# Rebuilds\n\nHello bold `x = 1`\nnext & last\n\n- one\n  - inner\n- two\n\n3. three\n4. four\n\n"
        "```python\ndef f():\n    return 1\n```\n\n| A | B |\n| --- | --- |\n| 1\\|2 | x y |\n\n> quoted\n\n"
        "## Cost & time\n\nSee the guide. A chart"
    )


def test_headings_title_and_fields() -> None:
    page = parse(PAGE)
    assert [(found.level, found.text) for found in page.headings] == [(1, "Rebuilds"), (2, "Cost & time")]
    assert all(page.text[found.start :].startswith("#" * found.level + " ") for found in page.headings)
    assert page.title == "Rebuilds"
    assert page.metadata == {"description": "How to rebuild", "language": "en"}


def test_a_page_without_marked_content_keeps_its_body() -> None:
    page = parse("<title>Note</title><p>First</p><div>Second<div>Third</div></div>")
    assert page.text == "First\n\nSecond\n\nThird"
    assert page.title == "Note"


def test_what_looks_like_furniture_but_holds_the_text_stays() -> None:
    words = "long content " * 50
    assert words.strip() in parse(f"<body><div class=sidebar><p>{words}</p></div><p>tail</p></body>").text
    assert words.strip() in parse(f"<body><form><p>{words}</p></form></body>").text


def test_heading_above_the_content_counts_unless_it_is_the_sites() -> None:
    body = "<header><h1>{}</h1></header><main><h2>Usage</h2><p>" + "words " * 60 + "</p></main>"
    own = parse("<title>Rebuilds - Docs</title>" + body.format("Rebuilds"))
    assert own.text.startswith("# Rebuilds\n\n## Usage")
    site = parse("<title>Usage | Docs of X</title>" + body.format("Docs of X"))
    assert site.text.startswith("## Usage")
    assert site.title == "Usage | Docs of X"


def test_layout_tables_are_no_tables() -> None:
    page = parse("<table><tr><td><p>Left</p><p>More</p></td><td><ul><li>Right</ul></td></tr></table>")
    assert page.text == "Left\n\nMore\n\n- Right"


def test_charset_from_the_page() -> None:
    page = '<meta charset="shift_jis"><p>日本語</p>'.encode("shift_jis")
    assert parse_html(page, name="a.html", hints=Hints()).text == "日本語"


def test_code_that_holds_fences() -> None:
    assert parse("<pre>```\nx\n```</pre>").text == "````\n```\nx\n```\n````"


@pytest.mark.parametrize(
    "page", ["<html><body></body></html>", "<script>x()</script>", "<nav>Only a menu</nav>"]
)
def test_a_page_without_content_is_refused(page: str) -> None:
    with pytest.raises(ParseError, match="^empty"):
        parse(page)


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li"])
def test_deep_nesting(tag: str) -> None:
    assert "deep text" in parse(f"<{tag}>" * 2_000 + "deep text").text
