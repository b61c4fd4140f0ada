"""Build the PDF and DOCX files of `examples/handbook` from their Markdown in `scripts/handbook_sources`.

    python scripts/build_handbook.py [--check]

For maintainers: needs markdown-it-py, python-docx and reportlab, which the product does not. The same
sources give the same bytes. A source says in its first lines where its output goes (`output:`) and may ask
for `columns: 2` (PDF) or for `truncate_bytes: N`, which leaves the first N bytes of the file: a broken PDF.
"""

from __future__ import annotations

import argparse
import datetime
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "handbook_sources"
HANDBOOK = HERE.parent / "examples" / "handbook"
PRODUCED_AT = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)
MARGIN_POINTS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a document, in reading order."""

    kind: Literal["heading", "paragraph", "bullets", "steps", "code", "table"]
    text: str = ""  # of a heading, paragraph or code block
    level: int = 0  # of a heading, from 1
    rows: tuple[tuple[str, ...], ...] = ()  # of a table, header first; of a list, one cell each


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A Markdown source with the settings above its `---` line."""

    output: Path  # relative to the handbook
    blocks: tuple[Block, ...]
    columns: int = 1
    truncate_bytes: int = 0  # 0: whole

    @property
    def title(self) -> str:
        """The text of the first heading."""
        return next(block.text for block in self.blocks if block.kind == "heading")


def read_source(path: Path) -> Source:
    """Parse one source file; a missing `output:` raises KeyError."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    settings = dict(line.split(": ", 1) for line in head.splitlines())
    return Source(
        output=Path(settings["output"]),
        blocks=tuple(parse_blocks(body)),
        columns=int(settings.get("columns", "1")),
        truncate_bytes=int(settings.get("truncate_bytes", "0")),
    )


def parse_blocks(markdown: str) -> Iterator[Block]:
    """Blocks of the Markdown in reading order; inline marks are dropped and their text stays."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    for node in SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(markdown)).children:
        if node.type == "heading":
            yield Block(kind="heading", text=_text_of(node), level=int(node.tag[1]))
        elif node.type == "paragraph":
            yield Block(kind="paragraph", text=_text_of(node))
        elif node.type in ("bullet_list", "ordered_list"):
            items = tuple((_text_of(item),) for item in node.children)
            yield Block(kind="bullets" if node.type == "bullet_list" else "steps", rows=items)
        elif node.type == "fence":
            yield Block(kind="code", text=node.content.rstrip("\n"))
        elif node.type == "table":
            rows = (row for part in node.children for row in part.children)
            yield Block(
                kind="table", rows=tuple(tuple(_text_of(cell) for cell in row.children) for row in rows)
            )
        else:
            raise ValueError(
                f"{node.type!r} has no counterpart here; use headings, text, lists, code or tables"
            )


def _text_of(node: Any) -> str:
    """The words of a node without its marks."""
    if node.type in ("text", "code_inline"):
        return str(node.content)
    if node.type == "softbreak":
        return " "
    return "".join(_text_of(child) for child in node.children)


def render_pdf(source: Source) -> bytes:
    """A4 pages with running header, page numbers and an outline of the headings."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    width, height = A4[0] - 2 * MARGIN_POINTS, A4[1] - 2 * MARGIN_POINTS
    gap = 18 if source.columns > 1 else 0
    column = (width - gap * (source.columns - 1)) / source.columns
    frames = [
        Frame(MARGIN_POINTS + index * (column + gap), MARGIN_POINTS, column, height, 0, 0, 0, 0)
        for index in range(source.columns)
    ]

    def decorate(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(MARGIN_POINTS, A4[1] - 40, f"Brackenfield | {source.title}")
        canvas.drawRightString(A4[0] - MARGIN_POINTS, 36, f"Page {document.page}")

    buffer = io.BytesIO()
    document = BaseDocTemplate(buffer, pagesize=A4, invariant=1, title=source.title, author="Brackenfield")
    document.addPageTemplates(PageTemplate("page", frames, onPage=decorate))
    document.build(list(_flowables(source, column)))
    return buffer.getvalue()


def _flowables(source: Source, width_points: float) -> Iterator[Any]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import ListFlowable, Paragraph, Preformatted, Spacer

    body = ParagraphStyle("body", fontName="Helvetica", fontSize=11.5, leading=18, spaceAfter=9)
    code = ParagraphStyle("code", fontName="Courier", fontSize=8.5, leading=11.5, spaceAfter=10, leftIndent=8)
    for number, block in enumerate(source.blocks):
        if block.kind == "heading":
            yield _heading(block, key=f"h{number}")
        elif block.kind == "paragraph":
            yield Paragraph(escape(block.text), body)
        elif block.kind == "code":
            yield Preformatted(block.text, code)
        elif block.kind == "table":
            yield _pdf_table(block, width_points)
            yield Spacer(1, 12)
        else:
            items = [Paragraph(escape(text), body) for (text,) in block.rows]
            yield ListFlowable(items, bulletType="bullet" if block.kind == "bullets" else "1", leftIndent=18)


def _heading(block: Block, *, key: str) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    class Heading(Paragraph):
        def draw(self) -> None:
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(block.text, key, block.level - 1)
            super().draw()

    size = {1: 22, 2: 15, 3: 12}[block.level]
    style = ParagraphStyle(
        f"h{block.level}",
        fontName="Helvetica-Bold",
        fontSize=size,
        leading=size * 1.25,
        spaceBefore=size,
        spaceAfter=size * 0.5,
        keepWithNext=1,
    )
    return Heading(escape(block.text), style)


def _pdf_table(block: Block, width_points: float) -> Any:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, Table, TableStyle

    plain = ParagraphStyle("cell", fontName="Helvetica", fontSize=9.5, leading=13)
    bold = ParagraphStyle("head", parent=plain, fontName="Helvetica-Bold")
    cells = [
        [Paragraph(escape(text), plain if number else bold) for text in row]
        for number, row in enumerate(block.rows)
    ]
    table = Table(cells, colWidths=[width_points / len(block.rows[0])] * len(block.rows[0]), repeatRows=1)
    grid = ("GRID", (0, 0), (-1, -1), 0.4, colors.grey)
    top = ("VALIGN", (0, 0), (-1, -1), "TOP")
    table.setStyle(TableStyle([grid, top, ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke)]))
    return table


def render_docx(source: Source) -> bytes:
    """A Word file with its built-in styles for headings, lists and tables."""
    import docx

    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = source.title, "Brackenfield", ""
    properties.created = properties.modified = PRODUCED_AT.replace(tzinfo=None)
    for block in source.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=block.level)
        elif block.kind == "paragraph":
            document.add_paragraph(block.text)
        elif block.kind == "code":
            run = document.add_paragraph(style="No Spacing").add_run(block.text)
            run.font.name = "Courier New"
        elif block.kind == "table":
            _docx_table(document, block)
        else:
            for (text,) in block.rows:
                document.add_paragraph(
                    text, style="List Bullet" if block.kind == "bullets" else "List Number"
                )
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_fixed_times(buffer.getvalue())


def _docx_table(document: Any, block: Block) -> None:
    table = document.add_table(rows=0, cols=len(block.rows[0]), style="Light Grid Accent 1")
    for row in block.rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def _with_fixed_times(archive: bytes) -> bytes:
    """The same zip with every member dated alike, so that equal content gives equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            member = zipfile.ZipInfo(name, PRODUCED_AT.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(member, before.read(name), compresslevel=9)
    return buffer.getvalue()


def render(source: Source) -> bytes:
    """The bytes of the output, by the suffix of its name."""
    content = {".pdf": render_pdf, ".docx": render_docx}[source.output.suffix](source)
    return content[: source.truncate_bytes] if source.truncate_bytes else content


def main() -> int:
    """Write every output; with `--check` only compare and return 1 if one differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare with the files in the tree, write nothing"
    )
    check = parser.parse_args().check
    stale = 0
    for path in sorted(SOURCES.glob("*.md")):
        source = read_source(path)
        target, content = HANDBOOK / source.output, render(source)
        if check and (not target.exists() or target.read_bytes() != content):
            stale += 1
            print(f"{source.output} differs from its source {path.name!r}; run this script without --check")
        elif not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            print(f"{len(content):8d} bytes  {source.output}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
