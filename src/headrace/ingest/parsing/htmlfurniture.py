"""What of a page is its content and what is furniture: menus, banners, footers, controls."""

from __future__ import annotations

from typing import Any

_NEVER_TEXT = (
    "script, style, noscript, template, iframe, object, embed, svg, canvas, audio, video, input, "
    "select, button, textarea, datalist, dialog, nav, [hidden], [role=navigation], [role=search], "
    "[role=menu], [role=menubar], [role=dialog], [role=alertdialog], [role=contentinfo], "
    '[aria-modal=true], [style*="display:none" i], [style*="display: none" i]'
)
_PAGE_LEVEL = "header, footer, aside, [role=banner], [role=complementary]"
_BY_NAME = (
    '[class*="cookie-banner" i], [class*="cookie-consent" i], [class*="cookie-notice" i], '
    '[class*="cookiebar" i], [class*="cookieconsent" i], [id*="cookie-banner" i], '
    '[id*="cookie-consent" i], [id*="cookie-notice" i], [id*="cookieconsent" i], [id*="onetrust" i], '
    '[class*="gdpr" i], [class*="breadcrumb" i], [id*="breadcrumb" i], [class*="sidebar" i], '
    '[id*="sidebar" i], [class*="navbar" i], [class*="navheader" i], [class*="navfooter" i], '
    '[class*="skip-link" i], [class*="skip-to" i], [class*="newsletter" i], '
    '[class*="social-share" i], [class*="share-buttons" i], [class*="advert" i], '
    '[class*="site-header" i], [class*="site-footer" i], [class*="page-footer" i], [class~="toc" i], '
    '[id="toc" i], [class~="menu" i], [id="menu" i], [class~="nav" i], [id="nav" i], '
    '[class~="navigation" i], [id="navigation" i], [id="footer" i], [class~="footer" i], '
    '[class~="headerlink"], [class~="anchorjs-link"], [class~="anchor-link"], '
    '[class~="mark"] > a[href^="#"]'
)
_CONTENT_NAMES = (
    "#content, #main-content, #main, #apicontent, .markdown-body, .main-content, .entry-content, "
    ".post-content, [itemprop=articleBody]"
)
_KEPT_TAGS = frozenset({"html", "body", "main", "article", "h1", "h2", "h3", "h4", "h5", "h6"})
_CONTENT_TAGS = "main, article, [role=main]"
_MAX_FURNITURE_SHARE = 0.4
_MIN_CONTENT_CHARS = 200


def remove_furniture(tree: Any) -> None:
    """Take menus, banners, footers and hidden parts out of the tree; what holds much of the text stays."""
    for node in tree.css(_NEVER_TEXT):
        if node.tag not in _KEPT_TAGS:
            node.decompose()
    body = tree.body
    if body is None:
        return
    total = len(body.text())
    for node in tree.css(_PAGE_LEVEL):
        if _inside_content(node) or node.css_first("h1") is not None:
            continue
        if not _holds_content(node, total=total):
            node.decompose()
    for node in tree.css(_BY_NAME):
        if node.tag not in _KEPT_TAGS and not _holds_content(node, total=total):
            node.decompose()


def _inside_content(node: Any) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in ("main", "article"):
            return True
        parent = parent.parent
    return False


def _holds_content(node: Any, *, total: int) -> bool:
    if len(node.text()) > _MAX_FURNITURE_SHARE * total:
        return True
    return node.css_first(_CONTENT_TAGS) is not None


def choose_root(tree: Any) -> Any:
    """The element that holds the content: what is marked so, if most of the text is in it, else the body."""
    body = tree.body
    if body is None:
        return tree.root
    total = len(body.text())
    mains = tree.css("main, [role=main]")
    if mains:
        best = max(mains, key=lambda node: len(node.text()))
        size = len(best.text())
        if size >= _MIN_CONTENT_CHARS or size > 0.3 * total:
            return best
    articles = tree.css("article")
    named = tree.css(_CONTENT_NAMES)
    for candidates in (articles if len(articles) == 1 else [], named):
        if candidates:
            best = max(candidates, key=lambda node: len(node.text()))
            if len(best.text()) > 0.5 * total:
                return best
    return body
