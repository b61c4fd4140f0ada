"""Real files of many formats, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache


def pdf(pages: Sequence[Sequence[tuple[int, str]]], *, title: str = "", password: str = "") -> bytes:
    """Pages of (letter size, line)."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    encryption = StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(stream, invariant=True, encrypt=encryption)
    canvas.setTitle(title)
    for lines in pages:
        y = 780.0
        for size, line in lines:
            canvas.setFont("Helvetica", size)
            canvas.drawString(72, y, line)
            y -= size * 1.3
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def docx(*, title: str = "") -> bytes:
    import docx as library

    document = library.Document()
    document.core_properties.title = title
    document.core_properties.author = "Platform team"
    document.add_heading("Index rebuilds", 1)
    document.add_paragraph("A rebuild writes a new generation beside the old one.")
    document.add_heading("Cost", 2)
    table = document.add_table(2, 2)
    for row, column, words in ((0, 0, "step"), (0, 1, "seconds"), (1, 0, "embed"), (1, 1, "90")):
        table.cell(row, column).text = words
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def pptx(slides: Sequence[tuple[str, str]]) -> bytes:
    """Slides of (title, body)."""
    import pptx as library

    deck = library.Presentation()
    deck.core_properties.title = "Quarterly review"
    for title, body in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def tall_xlsx() -> bytes:
    """One cell in the first row, one in the last that a sheet can have."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"] = "first"
    sheet.cell(1_048_576, 3, "last")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def claiming_xlsx() -> bytes:
    """A sheet whose dimension claims every cell there can be."""
    plain = xlsx({"Sheet": [["only"]]})
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(stream, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            target.writestr(member, content.replace(b'ref="A1:A1"', b'ref="A1:XFD1048576"'))
    return stream.getvalue()


@cache
def bomb_xlsx() -> bytes:
    """A megabyte that unpacks to half a gigabyte."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            block = b" " * (16 * 1024 * 1024)
            for _ in range(33):
                member.write(block)
    return stream.getvalue()


def encrypted_office() -> bytes:
    """The outside of an encrypted DOCX: an OLE container that holds a stream of that name."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 504
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 512
    )


def epub() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<?xml version="1.0"?><container version="1.0"'
            ' xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles>'
            "</container>",
        )
        archive.writestr(
            "c.opf",
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Mills</dc:title></metadata><manifest>'
            '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine>'
            '<itemref idref="a"/></spine></package>',
        )
        archive.writestr(
            "a.xhtml",
            '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>a</title></head>'
            "<body><h1>Wheels</h1><p>Water turns them.</p></body></html>",
        )
    return stream.getvalue()
