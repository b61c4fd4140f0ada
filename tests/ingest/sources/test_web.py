"""A real site on loopback: what a crawl finds, what it may not touch, what a broken site does not cost."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from headrace.errors import ReadError
from headrace.ingest.sources.base import BlobCache
from headrace.ingest.sources.build import open_source
from headrace.records.document import Listing, Observation
from tests.ingest.sources.conftest import FolderCache
from tests.ingest.sources.site import Reply, Request, Site

Crawler = Callable[..., Listing]


@pytest.fixture
def crawl(site: Site, root: Path, cache: FolderCache) -> Crawler:
    """List the site; keyword arguments are options of the source."""

    def run(path: str = "/", *, known: Mapping[str, Observation] | None = None, **options: object) -> Listing:
        quick = {"delay_seconds": 0, "backoff_seconds": 0, "timeout_seconds": 5}
        spec = {"type": "web", "url": site.url + path, **quick, **options}
        return open_source(spec, root=root, cache=cache).list(known or {})

    return run


def paths(listing: Listing, site: Site) -> list[str]:
    return [item.uri.removeprefix(site.url) for item in listing.items]


def failed(listing: Listing, site: Site) -> dict[str, str]:
    return {failure.document.removeprefix(site.url): failure.error for failure in listing.failures}


def seen(listing: Listing) -> dict[str, Observation]:
    """What a ledger would remember of a listing."""
    return {
        item.uri: Observation(
            uri=item.uri, source=listing.source, stamp=item.stamp, revision="r", verified_at_us=0
        )
        for item in listing.items
    }


def test_a_crawl_follows_links_to_its_depth(site: Site, crawl: Crawler) -> None:
    site.page("/", "/one", "#top", "mailto:x@example.org")
    site.page("/one", "/two", "/")
    site.page("/two", "/three")
    site.page("/three")
    assert [paths(crawl(depth=depth), site) for depth in range(4)] == [
        ["/"],
        ["/", "/one"],
        ["/", "/one", "/two"],
        ["/", "/one", "/three", "/two"],
    ]


def test_an_item_carries_what_the_server_says(site: Site, crawl: Crawler) -> None:
    headers = {
        "Content-Type": 'Text/HTML; charset="ISO-8859-1"',
        "Last-Modified": "Thu, 01 Jan 1970 00:00:02 GMT",
    }
    site.routes["/"] = Reply("ü".encode("latin-1"), headers=headers)
    listing = crawl()
    assert (listing.source, listing.complete, listing.reason) == (site.url + "/", True, "")
    item = listing.items[0]
    content = item.read()
    assert (content.data, content.media_type, content.charset) == (b"\xfc", "text/html", "iso-8859-1")
    assert (item.modified_at_us, item.size_bytes) == (2_000_000, 1)


def test_a_second_listing_transfers_no_bodies(site: Site, crawl: Crawler) -> None:
    site.page("/", "/a", "/b")
    site.page("/a", "/deep")
    site.page("/b")
    site.page("/deep")
    site.routes["/robots.txt"] = Reply(
        b"User-agent: *\nDisallow: /private", headers={"Content-Type": "text/plain"}
    )
    first = crawl()
    transferred, asked = sum(site.bodies.values()), len(site.requests)
    assert transferred == 5
    second = crawl(known=seen(first))
    assert sum(site.bodies.values()) == transferred
    assert len(site.requests) == 2 * asked
    assert all("If-None-Match" in request.headers for request in site.requests[asked:])
    assert [(item.uri, item.stamp) for item in second.items] == [
        (item.uri, item.stamp) for item in first.items
    ]
    assert second.items[0].read() == first.items[0].read()


def test_only_what_changed_gets_a_new_stamp(site: Site, crawl: Crawler) -> None:
    site.page("/", "/a")
    site.page("/a")
    before = {item.uri: item.stamp for item in crawl().items}
    site.page("/a", text="changed")
    after = {item.uri: item.stamp for item in crawl().items}
    assert [uri.removeprefix(site.url) for uri in before if before[uri] != after[uri]] == ["/a"]


def test_last_modified_alone_makes_requests_conditional(site: Site, crawl: Crawler) -> None:
    def dated(request: Request) -> Reply:
        headers = {"Content-Type": "text/html", "Last-Modified": "Thu, 01 Jan 1970 00:00:02 GMT", "ETag": ""}
        unchanged = request.headers.get("If-Modified-Since") == headers["Last-Modified"]
        return Reply(status=304, headers={}) if unchanged else Reply(b"body", headers=headers)

    site.routes["/"] = dated
    assert [item.read().data for item in [*crawl().items, *crawl().items]] == [b"body", b"body"]
    assert site.bodies["/"] == 1


def test_a_lost_or_damaged_cache_is_fetched_again(site: Site, crawl: Crawler, cache: FolderCache) -> None:
    site.page("/")
    listing = crawl()
    body = listing.items[0].read().data
    for path in cache.folder.iterdir():
        path.write_bytes(b"damaged")
    assert crawl().items[0].read().data == body
    for path in cache.folder.iterdir():
        path.unlink()
    with pytest.raises(ReadError, match="no longer in the blob cache"):
        listing.items[0].read()
    assert crawl().items[0].read().data == body
    assert site.bodies["/"] == 3


def test_a_damaged_state_file_costs_one_full_fetch(site: Site, crawl: Crawler, root: Path) -> None:
    site.page("/")
    crawl()
    (state,) = (root / ".headrace/web").glob("*.sqlite")
    state.write_bytes(b"this is no database" * 100)
    assert paths(crawl(), site) == ["/"]
    assert site.bodies["/"] == 2
    crawl()
    assert site.bodies["/"] == 2


def test_a_page_that_is_gone_is_absent_from_a_complete_listing(
    site: Site, crawl: Crawler, root: Path
) -> None:
    site.page("/", "/a", "/b")
    site.page("/a")
    site.page("/b")
    first = crawl()
    site.routes["/a"] = Reply(status=410)
    del site.routes["/b"]
    second = crawl(known=seen(first))
    assert (paths(second, site), second.complete, list(second.failures)) == (["/"], True, [])
    (state,) = (root / ".headrace/web").glob("*.sqlite")
    assert f"{site.url}/a".encode() not in state.read_bytes()


@pytest.mark.parametrize("status", [404, 410, 403, 500])
def test_a_seed_without_content_is_no_empty_site(status: int, site: Site, crawl: Crawler) -> None:
    site.routes["/"] = Reply(status=status)
    listing = crawl()
    assert (listing.items, listing.complete) == ([], False)
    assert f"status {status}" in listing.reason
    assert listing.failures[0].document == site.url + "/"


def test_a_server_error_is_retried_then_recorded_and_keeps_the_document(site: Site, crawl: Crawler) -> None:
    site.page("/", "/bad", "/good")
    site.page("/good")
    site.routes["/bad"] = Reply(status=503)
    listing = crawl(retries=2)
    assert paths(listing, site) == ["/", "/good"]
    assert not listing.complete
    assert failed(listing, site) == {"/bad": "status 503"}
    assert listing.failures[0].keeps
    assert site.asked().count("/bad") == 3


def test_a_refused_page_makes_the_listing_incomplete_only_if_it_was_there_before(
    site: Site, crawl: Crawler
) -> None:
    site.page("/", "/a", "/b")
    site.page("/a")
    first = crawl()
    site.routes["/b"] = Reply(status=403)
    assert crawl(known=seen(first)).complete
    site.routes["/a"] = Reply(status=403)
    listing = crawl(known=seen(first))
    assert not listing.complete
    assert failed(listing, site) == {"/a": "status 403", "/b": "status 403"}


def flaky(*replies: Reply) -> Callable[[Request], Reply]:
    queue = list(replies)
    return lambda request: queue.pop(0) if len(queue) > 1 else queue[0]


def test_retry_after_is_waited_for(site: Site, crawl: Crawler) -> None:
    times: list[float] = []
    later = flaky(Reply(status=429, headers={"Retry-After": "1"}), Reply(b"ok"))

    def noted(request: Request) -> Reply:
        times.append(time.monotonic())
        return later(request)

    site.routes["/"] = noted
    assert paths(crawl(), site) == ["/"]
    assert len(times) == 2
    assert times[1] - times[0] >= 1


def test_a_server_that_asks_for_a_long_wait_is_left_alone(site: Site, crawl: Crawler) -> None:
    site.page("/", "/a")
    site.routes["/a"] = Reply(status=429, headers={"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"})
    listing = crawl()
    assert site.asked().count("/a") == 1
    assert (failed(listing, site), listing.complete) == ({"/a": "status 429"}, False)


def test_a_host_that_keeps_failing_is_not_asked_on_and_on(site: Site, crawl: Crawler) -> None:
    site.page("/", *[f"/{number}" for number in range(50)])
    for number in range(50):
        site.routes[f"/{number}"] = Reply(status=500)
    listing = crawl(retries=0, concurrency=1)
    assert len(site.requests) == 2 + 8
    assert len(listing.failures) == 50
    assert "failed in a row" in listing.failures[-1].error
    assert not listing.complete


def test_a_page_that_hangs_times_out(site: Site, crawl: Crawler) -> None:
    release = threading.Event()

    def hang(request: Request) -> Reply:
        release.wait(10)
        return Reply(b"late")

    site.page("/", "/slow", "/good")
    site.page("/good")
    site.routes["/slow"] = hang
    listing = crawl(timeout_seconds=0.5, retries=0)
    release.set()
    assert paths(listing, site) == ["/", "/good"]
    assert "no full answer within 0.5 s" in failed(listing, site)["/slow"]


def test_a_server_that_is_not_there(root: Path, cache: BlobCache) -> None:
    with Site() as gone:
        url = gone.url + "/"
    spec = {"type": "web", "url": url, "retries": 0}
    listing = open_source(spec, root=root, cache=cache).list({})
    assert (listing.items, listing.complete) == ([], False)
    assert "robots.txt could not be read" in listing.reason


def test_redirects_lead_to_one_document(site: Site, crawl: Crawler) -> None:
    site.page("/", "/old", "/older", "/new")
    site.redirect("/old", "/new")
    site.redirect("/older", "old", status=302)
    site.page("/new")
    assert paths(crawl(), site) == ["/", "/new"]


def test_redirect_loops_and_chains_end(site: Site, crawl: Crawler) -> None:
    site.page("/", "/loop", "/self", "/chain0", "/nowhere", "/good")
    site.redirect("/loop", "/pool")
    site.redirect("/pool", "/loop")
    site.redirect("/self", "/self")
    for number in range(30):
        site.redirect(f"/chain{number}", f"/chain{number + 1}")
    site.redirect("/nowhere", "javascript:alert(1)")
    site.page("/good")
    listing = crawl()
    assert (paths(listing, site), listing.complete) == (["/", "/good"], True)
    found = failed(listing, site)
    assert "redirect loop" in found["/loop"]
    assert "redirect loop" in found["/self"]
    assert "more than 10 redirects" in found["/chain0"]
    assert "leads nowhere" in found["/nowhere"]


def test_a_redirect_loop_at_the_seed(site: Site, crawl: Crawler) -> None:
    site.redirect("/", "/")
    listing = crawl()
    assert not listing.complete
    assert "redirect loop" in listing.reason


def test_other_hosts_are_never_contacted(site: Site, crawl: Crawler) -> None:
    with Site() as other:
        other.page("/")
        site.page("/", f"{other.url}/", "/away", head=f'<link rel="canonical" href="{other.url}/">')
        site.redirect("/away", f"{other.url}/")
        listing = crawl()
        assert (paths(listing, site), listing.complete) == (["/"], True)
        assert other.requests == []


def test_a_named_host_may_be_contacted(site: Site, crawl: Crawler) -> None:
    with Site() as other:
        other.page("/")
        site.page("/", f"{other.url}/")
        listing = crawl(domains=[site.url.removeprefix("http://"), other.url.removeprefix("http://")])
        assert [item.uri for item in listing.items] == sorted([f"{site.url}/", f"{other.url}/"])


def test_a_name_that_leads_to_this_machine_is_not_contacted(site: Site, root: Path, cache: BlobCache) -> None:
    # getaddrinfo reads this as 127.0.0.1.
    site.page("/")
    port = site.url.rpartition(":")[2]
    spec = {"type": "web", "url": f"http://0x7f.1:{port}/", "retries": 0}
    listing = open_source(spec, root=root, cache=cache).list({})
    assert "private address" in listing.reason
    assert "allow_private" in listing.reason
    assert site.requests == []
    allowed = open_source({**spec, "allow_private": True}, root=root, cache=cache).list({})
    assert len(allowed.items) == 1


def test_localhost_may_be_named(site: Site, root: Path, cache: BlobCache) -> None:
    site.page("/")
    url = site.url.replace("127.0.0.1", "localhost") + "/"
    spec = {"type": "web", "url": url, "delay_seconds": 0}
    assert [item.uri for item in open_source(spec, root=root, cache=cache).list({}).items] == [url]


def test_canonical_duplicates_are_one_document(site: Site, crawl: Crawler) -> None:
    link = '<link rel="canonical" href="/article">'
    site.page("/", "/article?ref=1", "/article?ref=2", "/article")
    site.page("/article?ref=1", head=link, text="copy 1")
    site.page("/article?ref=2", head=link, text="copy 2")
    site.page("/article", head=link, text="the article")
    listing = crawl()
    assert paths(listing, site) == ["/", "/article"]
    assert b"the article" in listing.items[1].read().data


def test_a_canonical_page_that_nothing_links_to_is_fetched(site: Site, crawl: Crawler) -> None:
    site.page("/", "/print")
    site.page("/print", head='<link rel="canonical" href="/article">', text="print")
    site.page("/article", text="the article")
    listing = crawl()
    assert paths(listing, site) == ["/", "/article"]
    assert b"the article" in listing.items[1].read().data


@pytest.mark.parametrize("target", ["/missing", "/hidden", "/loop"])
def test_a_canonical_claim_that_leads_nowhere_is_ignored(target: str, site: Site, crawl: Crawler) -> None:
    site.page("/", "/a", "/loop")
    site.page("/a", head=f'<link rel="canonical" href="{target}">')
    site.page("/hidden", head='<meta name="robots" content="noindex">')
    site.page("/loop", head='<link rel="canonical" href="/a">')
    assert "/a" in paths(crawl(), site)


def test_robots_txt_is_obeyed(site: Site, crawl: Crawler) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: headrace\nDisallow: /private/*.html$\nDisallow: /q?\n"
    site.routes["/robots.txt"] = Reply(rules, headers={"Content-Type": "text/plain"})
    site.page("/", "/private/a.html", "/private/a", "/q?x=1", "/moved")
    site.page("/private/a.html")
    site.page("/private/a")
    site.page("/q?x=1")
    site.redirect("/moved", "/private/a.html")
    listing = crawl()
    assert (paths(listing, site), listing.complete) == (["/", "/private/a"], True)
    assert site.asked()[0] == "/robots.txt"
    assert not {"/private/a.html", "/q?x=1"} & set(site.asked())
    assert site.asked().count("/robots.txt") == 1
    agents = {request.headers["User-Agent"].split("/")[0] for request in site.requests}
    assert agents == {"Headrace"}


def test_a_disallowed_seed_is_said_and_not_fetched(site: Site, crawl: Crawler) -> None:
    site.routes["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /", headers={"Content-Type": "text/plain"})
    site.page("/")
    listing = crawl()
    assert not listing.complete
    assert "disallowed by robots.txt" in listing.reason
    assert site.asked() == ["/robots.txt"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_without_robots_txt_from_a_broken_server_nothing_is_fetched(
    status: int, site: Site, crawl: Crawler
) -> None:
    site.page("/")
    site.routes["/robots.txt"] = Reply(status=status)
    listing = crawl(retries=0)
    assert not listing.complete
    assert "nothing was fetched" in listing.reason
    assert set(site.asked()) == {"/robots.txt"}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_site_that_has_no_robots_txt_allows_everything(status: int, site: Site, crawl: Crawler) -> None:
    site.page("/")
    site.routes["/robots.txt"] = Reply(status=status)
    assert paths(crawl(), site) == ["/"]


def test_requests_keep_their_distance(site: Site, crawl: Crawler) -> None:
    site.page("/", "/a", "/b", "/c")
    for path in "abc":
        site.page(f"/{path}")
    site.routes["/robots.txt"] = Reply(
        b"User-agent: *\nCrawl-delay: 0.2", headers={"Content-Type": "text/plain"}
    )
    begin = time.monotonic()
    assert len(crawl(concurrency=4).items) == 4
    # A lower bound: no machine is too slow for it.
    assert time.monotonic() - begin >= 0.6


def test_noindex_and_nofollow(site: Site, crawl: Crawler) -> None:
    site.page("/", "/noindex", "/nofollow", "/header")
    site.page("/noindex", "/below", head='<meta name="robots" content="noindex">')
    site.page("/below")
    site.page("/nofollow", "/unseen", head='<meta name="robots" content="nofollow">')
    site.page("/unseen")
    site.routes["/header"] = Reply(b"x", headers={"Content-Type": "text/plain", "X-Robots-Tag": "noindex"})
    for _ in range(2):  # the second time from 304s
        assert paths(crawl(), site) == ["/", "/below", "/nofollow"]
    assert "/unseen" not in site.asked()


def test_max_pages_stops_and_says_so(site: Site, crawl: Crawler) -> None:
    site.routes["/"] = lambda request: Reply(b"".join(b'<a href="/%d">' % number for number in range(20)))
    for number in range(20):
        site.page(f"/{number}", f"/{number}/x")
    listing = crawl(max_pages=5)
    assert paths(listing, site) == ["/", "/0", "/1", "/2", "/3"]
    assert not listing.complete
    assert "max_pages = 5" in listing.reason
    assert len(site.requests) == 6


def test_an_endless_site_ends_at_its_depth(site: Site, crawl: Crawler) -> None:
    site.routes["/"] = Reply(b'<a href="/?page=1">')
    for page in range(1, 30):
        site.routes[f"/?page={page}"] = Reply(b'<a href="?page=%d">' % (page + 1))
    listing = crawl(depth=5)
    assert (len(listing.items), listing.complete) == (6, True)


def test_types_that_are_not_documents_are_passed_over(site: Site, crawl: Crawler) -> None:
    types = {
        "/a.pdf": "application/pdf",
        "/b.txt": "text/plain",
        "/c.zip": "application/zip",
        "/d.css": "text/css",
    }
    site.page("/", *types, "/e.docx")
    for path, media_type in types.items():
        site.routes[path] = Reply(b"x", headers={"Content-Type": media_type})
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    site.routes["/e.docx"] = Reply(b"x", headers={"Content-Type": office})
    listing = crawl()
    assert (paths(listing, site), listing.complete) == (["/", "/a.pdf", "/b.txt", "/e.docx"], True)


def test_a_body_larger_than_allowed_is_a_failure(site: Site, crawl: Crawler) -> None:
    site.page("/", "/big", "/bomb")
    site.page("/big", text="x" * 5000)
    packed = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    site.routes["/bomb"] = Reply(gzip.compress(b"x" * 1_000_000), headers=packed)
    listing = crawl(max_bytes=4000)
    assert paths(listing, site) == ["/"]
    assert set(failed(listing, site)) == {"/big", "/bomb"}


def test_include_and_exclude(site: Site, crawl: Crawler) -> None:
    site.page("/", "/docs/a", "/docs/old/b", "/blog/c")
    site.page("/docs/a")
    site.page("/docs/old/b")
    site.page("/blog/c")
    assert paths(crawl(include=["/docs/*"], exclude=["/docs/old/*"]), site) == ["/docs/a"]
    assert not {"/docs/old/b", "/blog/c"} & set(site.asked())


def xml(kind: str, entry: str, addresses: list[str]) -> Reply:
    entries = "".join(f"<{entry}><loc>{address}</loc></{entry}>" for address in addresses)
    text = f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{kind}>'
    return Reply(text.encode(), headers={"Content-Type": "application/xml"})


def test_a_sitemap_lists_the_pages_and_links_are_not_followed(site: Site, crawl: Crawler) -> None:
    site.routes["/sitemap.xml"] = xml("urlset", "url", [f"{site.url}/a", f"{site.url}/b", f"{site.url}/gone"])
    site.page("/a", "/linked")
    site.page("/b")
    site.page("/linked")
    listing = crawl("/sitemap.xml")
    assert (paths(listing, site), listing.complete, list(listing.failures)) == (["/a", "/b"], True, [])


def test_a_sitemap_index_with_packed_and_nested_sitemaps(site: Site, crawl: Crawler) -> None:
    site.routes["/index.xml"] = xml(
        "sitemapindex", "sitemap", [f"{site.url}/one.xml.gz", "/two.xml", "/index.xml"]
    )
    packed = gzip.compress(xml("urlset", "url", ["/a"]).body)
    site.routes["/one.xml.gz"] = Reply(packed, headers={"Content-Type": "application/x-gzip"})
    site.routes["/two.xml"] = xml("urlset", "url", ["/b", "/a"])
    site.page("/a")
    site.page("/b")
    listing = crawl("/index.xml")
    assert (paths(listing, site), listing.complete) == (["/a", "/b"], True)


def test_a_sitemap_that_cannot_be_read_makes_the_listing_incomplete(site: Site, crawl: Crawler) -> None:
    site.routes["/index.xml"] = xml(
        "sitemapindex", "sitemap", ["/good.xml", "/cut.xml", "/missing.xml", "/page"]
    )
    site.routes["/good.xml"] = xml("urlset", "url", ["/a"])
    cut = xml("urlset", "url", ["/b"])
    site.routes["/cut.xml"] = Reply(cut.body[:-10], headers=cut.headers)
    site.page("/page")
    site.page("/a")
    listing = crawl("/index.xml")
    assert (paths(listing, site), listing.complete) == (["/a"], False)
    assert set(failed(listing, site)) == {"/cut.xml", "/missing.xml", "/page"}


def test_what_a_sitemap_lists_in_vain_is_recorded(site: Site, crawl: Crawler) -> None:
    site.routes["/robots.txt"] = Reply(
        b"User-agent: *\nDisallow: /no", headers={"Content-Type": "text/plain"}
    )
    site.routes["/sitemap.xml"] = xml(
        "urlset", "url", ["http://other.example/x", "/no", "/z.zip", "ftp://x/y", "/a"]
    )
    site.routes["/z.zip"] = Reply(b"x", headers={"Content-Type": "application/zip"})
    site.page("/a")
    listing = crawl("/sitemap.xml")
    assert (paths(listing, site), listing.complete) == (["/a"], True)
    assert set(failed(listing, site)) == {"http://other.example/x", "/no", "/z.zip", "ftp://x/y"}
    assert not any(failure.keeps for failure in listing.failures)


def test_a_sitemap_as_long_as_max_pages_is_complete(site: Site, crawl: Crawler) -> None:
    site.routes["/sitemap.xml"] = xml("urlset", "url", ["/a", "/b"])
    site.page("/a")
    site.page("/b")
    assert crawl("/sitemap.xml", max_pages=2).complete
    assert not crawl("/sitemap.xml", max_pages=1).complete


def test_a_listing_can_be_made_on_the_thread_of_an_event_loop(site: Site, crawl: Crawler) -> None:
    site.page("/")

    async def on_a_loop() -> Listing:
        return crawl()

    assert paths(asyncio.run(on_a_loop()), site) == ["/"]


def test_a_state_folder_that_cannot_be_made_is_said(site: Site, crawl: Crawler, root: Path) -> None:
    (root / ".headrace").write_text("a file is in the way")
    listing = crawl()
    assert not listing.complete
    assert "could not be listed" in listing.reason
