"""Gzip around another format, unpacked within bounds."""

from __future__ import annotations

import zlib

from headrace.errors import LimitExceeded, ParseError

_STEP_BYTES = 1024 * 1024


def unpack_gzip(data: bytes, *, max_bytes: int) -> bytes:
    """All members of a gzip file. Raises ParseError when damaged, LimitExceeded past `max_bytes`."""
    pieces: list[bytes] = []
    size = 0
    rest = data
    while rest:
        decoder = zlib.decompressobj(wbits=31)
        while not decoder.eof:
            try:
                piece = decoder.decompress(rest, _STEP_BYTES)
            except zlib.error as error:
                raise ParseError(
                    f"damaged: a gzip file that cannot be unpacked ({error}).", hint="Pack it again."
                ) from error
            size += len(piece)
            if size > max_bytes:
                raise LimitExceeded(
                    f"A gzip file of {len(data)} bytes that unpacks to more than {max_bytes}.",
                    hint="Unpack it and split the document.",
                )
            pieces.append(piece)
            rest = decoder.unconsumed_tail
            if not piece and not rest and not decoder.eof:
                raise ParseError("damaged: a truncated gzip file.", hint="Fetch or pack it again.")
        rest = decoder.unused_data
        if not rest.startswith(b"\x1f\x8b"):
            # Padding after the last member is allowed.
            break
    return b"".join(pieces)
