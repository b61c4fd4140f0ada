"""Cached outputs as sealed bytes, and the keyed names of what they come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.infer.gateway.base import CachedOutput, CallRequest, Retrieved
from headrace.privacy.vault.ciphers import Cipher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.ledger.erasure.keyring import Keyring

_KEY = "cache"


class Kept(NamedTuple):
    """An output with what has to hold for it."""

    output: Any
    text: str
    trace_id: str
    retrieved: tuple[Retrieved, ...]


class Sealing:
    """Seals what the cache keeps with a key of the workspace: its store never sees a text or a name."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._cipher = Cipher(keyring.key(_KEY))

    def name(self, kind: str, *parts: str) -> str:
        """A keyed hash."""
        return self._keyring.keyed(f"cache_{kind}", *parts)

    def ties(self, request: CallRequest, trace_id: str) -> list[str]:
        """Names of the documents, the user and the trace of a call."""
        documents = {self.document(item.corpus, item.document) for item in request.retrieved}
        subject = [self._keyring.subject(request.subject)] if request.subject else []
        return [*sorted(documents), *subject, self.name("trace", trace_id)]

    def document(self, corpus: str, uri: str) -> str:
        """The name of a document."""
        return self.name("document", corpus, uri)

    def seal(self, key: str, request: CallRequest, output: CachedOutput) -> bytes:
        """An output for its key. Raises TypeError and ValueError for one that is no JSON."""
        retrieved = [[item.corpus, item.document, item.revision, item.chunk_id] for item in request.retrieved]
        body = [output.output, output.text, output.trace_id, retrieved]
        return self._cipher.seal(json.dumps(body, allow_nan=False).encode(), key)

    def open(self, key: str, body: bytes) -> Kept:
        """Read back. Raises VaultError for bytes that were sealed for another key."""
        output, text, trace_id, retrieved = json.loads(self._cipher.open(body, key))
        return Kept(
            output,
            text,
            trace_id,
            tuple(
                Retrieved(corpus=corpus, document=document, revision=revision, chunk_id=chunk)
                for corpus, document, revision, chunk in retrieved
            ),
        )

    def seal_vector(self, key: str, vector: NDArray[np.float32]) -> bytes:
        """A vector; it tells nearly as much as its text."""
        return self._cipher.seal(vector.astype("float32").tobytes(), f"{key}/vector")

    def open_vector(self, key: str, sealed: bytes) -> NDArray[np.float32]:
        """Read back."""
        import numpy as np

        return np.frombuffer(self._cipher.open(sealed, f"{key}/vector"), dtype=np.float32)
