"""Tags of pages, and sitemaps."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.sources.pages import header_directives, read_page
from headrace.ingest.sources.sitemap import MAX_BYTES, parse_sitemap

URL = "http://example.org/a/b"


def links(html: str) -> tuple[str, ...]:
    return read_page(html.encode(), url=URL, charset=None).links


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="c">', ("http://example.org/a/c",)),
        ("<A class=x HREF = '/c' >", ("http://example.org/c",)),
        ("<a href=/c>", ("http://example.org/c",)),
        ('<a\nhref="/c?a=1&amp;b=2#x">', ("http://example.org/c?a=1&b=2",)),
        (
            '<base href="/root/"><a href="c"><area href="d">',
            ("http://example.org/root/c", "http://example.org/root/d"),
        ),
        ('<a href="/c"><a href="/c#2">', ("http://example.org/c",)),
        ('<a rel="external NOFOLLOW" href="/c">', ()),
        ('<!-- <a href="/c"> --><a href="/d">', ("http://example.org/d",)),
        ('<!--><a href="/c">', ("http://example.org/c",)),
        ('<script>"<a href=/c>"</SCRIPT><a href="/d">', ("http://example.org/d",)),
        ('<!-- <a href="/c">', ()),
        ('<abbr href="/c"><article href="/d">', ()),
        ('<a name="x"><a href="mailto:x@example.org"><a href="">', (URL,)),
        ('<p>İ<script><a href="/c"></script>İ<a href="/d">', ("http://example.org/d",)),
    ],
)
def test_links(html: str, expected: tuple[str, ...]) -> None:
    assert links(html) == expected


def test_what_a_page_says_of_itself() -> None:
    head = '<meta name="ROBOTS" content="NoIndex, nofollow">'
    html = head + '<link rel="canonical" href="/x"><link rel=canonical href=/y>'
    facts = read_page(html.encode(), url=URL, charset=None)
    assert facts.canonical == "http://example.org/x"
    assert facts.directives == {"noindex", "nofollow"}
    assert read_page(b'<meta name=robots content="none">', url=URL, charset=None).directives >= {
        "noindex",
        "nofollow",
    }
    assert not read_page(b'<meta name=googlebot content="none">', url=URL, charset=None).directives


def test_the_charset_is_taken_from_the_header_then_from_the_page() -> None:
    html = '<meta charset="iso-8859-1"><a href="/ü">'
    assert read_page(html.encode("latin-1"), url=URL, charset=None).links == ("http://example.org/%C3%BC",)
    assert read_page(html.encode("utf-8"), url=URL, charset="utf-8").links == ("http://example.org/%C3%BC",)
    assert read_page(html.encode("utf-8"), url=URL, charset="nonsense").links == (
        "http://example.org/%C3%BC",
    )


def test_header_directives_speak_to_all_or_to_one_robot() -> None:
    assert header_directives(["noindex, nofollow", "otherbot: noarchive"]) == {"noindex", "nofollow"}
    assert header_directives(["headrace: none"]) >= {"noindex", "nofollow"}


@given(body=st.binary(max_size=300) | st.text("<!-a hrefscipt=\"'/>", max_size=300).map(str.encode))
def test_no_page_breaks_the_reader(body: bytes) -> None:
    read_page(body, url=URL, charset=None)


@pytest.mark.parametrize(
    "unit", ['<a href="', "<!--", "<script>", "</", "<a ", "&#", '<a b="', "<meta charset", "<a href=x "]
)
def test_hostile_pages_take_linear_work(unit: str) -> None:
    # A quadratic reader would need hours for these.
    read_page((unit * 1_000_000).encode()[:5_000_000], url=URL, charset=None)


SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>
 http://example.org/a?x=1&amp;y=2 </loc><image:image><image:loc>http://example.org/i.png</image:loc></image:image>
 </url><url><loc><![CDATA[http://example.org/b]]></loc></url><url/></urlset>"""


def test_sitemaps_plain_and_packed() -> None:
    for data in (
        SITEMAP.encode(),
        gzip.compress(SITEMAP.encode(), mtime=0),
        SITEMAP.replace(' xmlns="http', ' x="http').encode(),
    ):
        sitemap = parse_sitemap(data)
        assert sitemap is not None
        assert (sitemap.kind, sitemap.addresses) == (
            "pages",
            ["http://example.org/a?x=1&y=2", "http://example.org/b"],
        )
    index = parse_sitemap(b"<sitemapindex><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>")
    assert index is not None
    assert (index.kind, index.addresses) == ("sitemaps", ["/s.xml"])


@pytest.mark.parametrize("data", [b"", b"<html>urlset</html>", b"plain urlset", b"<rss/>"])
def test_other_data_is_no_sitemap(data: bytes) -> None:
    assert parse_sitemap(data) is None


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
BOMB = ENTITIES + b"<urlset><url><loc>&b;</loc></url></urlset>"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SITEMAP.encode()[:-20], "well-formed"),
        (gzip.compress(SITEMAP.encode(), mtime=0)[:-20], "too early"),
        (b"\x1f\x8bnot gzip", "gzip"),
        (BOMB, "document type"),
        (zlib.compress(b" " * (MAX_BYTES + 1), wbits=31), "bytes when unpacked"),
    ],
)
def test_a_broken_sitemap_is_never_taken_for_a_short_one(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_sitemap(data)
