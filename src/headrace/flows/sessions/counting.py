"""How tokens of a history are counted: by the tokenizer that a prompt pins, or by an estimate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.infer.embedders.batches import estimate_tokens
from headrace.ledger.identity import digest_bytes

if TYPE_CHECKING:
    from headrace.infer.prompts.base import Prompt
    from headrace.observe.sessions.fitting import Count


class Counters:
    """Counts by the tokenizers of prompts; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Any] = {}

    def __call__(self, prompt: Prompt) -> Count:
        """The tokenizer that the prompt pins, where its file is still the one; else a token per 4 bytes."""
        pinned = prompt.tokenizer
        if pinned is None:
            return estimate_tokens
        if pinned.digest not in self._open:
            self._open[pinned.digest] = _read(self._folder / pinned.path, pinned.digest)
        tokenizer = self._open[pinned.digest]
        if tokenizer is None:
            return estimate_tokens
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _read(path: Path, digest: str) -> Any:
    """The tokenizer of a file; None where it is gone, is another one, or cannot be read."""
    from tokenizers import Tokenizer

    try:
        data = path.read_bytes()
    except OSError:
        return None
    if digest_bytes("tokenizer", data) != digest:
        return None
    try:
        return Tokenizer.from_buffer(data)
    except Exception:  # noqa: BLE001 - the library raises bare Exception for a file it cannot read
        return None
