"""Office files are archives: which kind, whether encrypted, and how much they unpack to."""

from __future__ import annotations

import io
import zipfile

from headrace.errors import LimitExceeded, ParseError

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
_MEMBERS = (("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("xl/workbook.xml", XLSX))
_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
_MAX_MEMBERS = 20_000
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_HINT_PASSWORD = "Save a copy without a password."  # noqa: S105


def sniff_zip(data: bytes) -> str:
    """Media type of a zip-based document. Raises ParseError for other, damaged or encrypted archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_size(members)
            names = {member.filename for member in members}
            if any(member.flag_bits & 0x1 for member in members):
                raise ParseError("password-protected: an encrypted archive.", hint=_HINT_PASSWORD)
            found = next((kind for member, kind in _MEMBERS if member in names), None)
            return found or _declared_kind(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise ParseError(
            f"damaged: a zip archive that cannot be read ({error}).", hint="Save it again."
        ) from error


def _check_size(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > _MAX_UNPACKED_BYTES or len(members) > _MAX_MEMBERS:
        raise LimitExceeded(
            f"An archive of {len(members)} members that unpacks to {unpacked} bytes; "
            f"allowed are {_MAX_MEMBERS} and {_MAX_UNPACKED_BYTES}.",
            hint="Split the document.",
            unpacked_bytes=unpacked,
        )


def _declared_kind(archive: zipfile.ZipFile, names: set[str]) -> str:
    """OpenDocument and EPUB name themselves in their first member."""
    if "mimetype" in names:
        with archive.open("mimetype") as member:
            declared = member.read(256).decode("ascii", errors="replace").strip()
        if declared in (ODT, EPUB):
            return declared
        raise ParseError(
            f"binary: an archive of type {declared!r}.", hint="Save it as DOCX, XLSX, PPTX or PDF."
        )
    raise ParseError("binary: a zip archive.", hint="Unpack it and point the source at the folder.")


def sniff_ole(data: bytes) -> str:
    """Refuse OLE containers, saying which of their two uses this one is. Always raises ParseError."""
    if _ENCRYPTED_PACKAGE in data:
        raise ParseError("password-protected: an encrypted Office document.", hint=_HINT_PASSWORD)
    raise ParseError(
        "binary: an Office 97-2003 document or another OLE container.", hint="Save it as DOCX, XLSX or PPTX."
    )
