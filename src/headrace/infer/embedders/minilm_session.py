"""Loads the shipped model and runs it, one text at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from headrace.errors import TerminalError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL_SHA256 = "f5dbd033edd54bada81582a5c1be75a739e7f92c838e6deaec5b5d50aa2f6d49"
"""Of minilm_data/model.onnx; a file with another hash is not loaded."""

TOKENIZER_SHA256 = "3ad857958ba886d154a5a852119fb31a0dd549d03d8a3fc20e33f2336272cc19"
"""Of minilm_data/tokenizer.json."""

_SEVERITY_ERROR = 3


class Encoder:
    """A tokenizer and a session; `encode` may be called from several threads at once."""

    def __init__(self, tokenizer: Any, session: Any) -> None:
        self._tokenizer = tokenizer
        self._session = session

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (texts, 384), each from a run of its own."""
        import numpy as np

        rows = []
        for encoding in self._tokenizer.encode_batch_fast([_readable(text) for text in texts]):
            ids = np.array([encoding.ids], dtype=np.int64)
            rows.append(self._session.run(None, {"input_ids": ids})[0])
        return np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Word pieces after the cut, the two at the ends included."""
        encodings = self._tokenizer.encode_batch_fast([_readable(text) for text in texts])
        return sum(len(encoding.ids) for encoding in encodings)


def load_encoder(*, max_tokens: int) -> Encoder:
    """Read and check the shipped files. Raises TerminalError when one is missing or damaged."""
    # Texts are tokenised on threads of our own; the tokenizer's would fight them, and warn after a fork.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import onnxruntime
    from tokenizers import Tokenizer

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SEVERITY_ERROR
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = _read("model.onnx", sha256=MODEL_SHA256)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_buffer(_read("tokenizer.json", sha256=TOKENIZER_SHA256))
    tokenizer.enable_truncation(max_tokens)
    return Encoder(tokenizer, session)


def _read(name: str, *, sha256: str) -> bytes:
    file = resources.files("headrace.infer.embedders") / "minilm_data" / name
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _damaged(name, f"cannot be read ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged(name, "is not the file that was shipped")
    return data


def _damaged(name: str, problem: str) -> TerminalError:
    return TerminalError(
        f"{name!r} of the built-in embedder {problem}.", hint="Install headrace again.", provider="headrace"
    )


def _readable(text: str) -> str:
    """The text with lone surrogates replaced: the tokenizer takes only what UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
