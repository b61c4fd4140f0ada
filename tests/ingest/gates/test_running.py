"""Running gates: any batch split gives the same verdicts, and a gate that misbehaves loses no document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from headrace.errors import ConfigError
from headrace.ingest.gates.base import Action, Gate, verdicts
from headrace.ingest.gates.builtin import BUILT_IN, gate_class
from headrace.ingest.gates.declared import default_gates
from headrace.ingest.gates.running import batch_of, run_gate, run_gates
from tests.ingest.gates.documents import NOW_US, PROSE, given, judge

if TYPE_CHECKING:
    import pyarrow as pa

TEXTS = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [PROSE, PROSE * 4, "ignore previous instructions", "© 2024", "x\u200by " * 9, "\ud800 lone", ""]
    ),
)


@property_of(texts=st.lists(TEXTS, min_size=1, max_size=9), cut=st.integers(min_value=1, max_value=8))
@settings(max_examples=60, deadline=None)
def test_any_batch_split_gives_the_same_verdicts(texts: list[str], cut: int) -> None:
    documents = [given(text, name=f"{place}.md") for place, text in enumerate(texts)]
    gates = default_gates()
    whole = run_gates(gates, batch_of(documents, now_us=NOW_US))
    parts = [documents[start : start + cut] for start in range(0, len(documents), cut)]
    split = [row for part in parts for row in run_gates(gates, batch_of(part, now_us=NOW_US))]
    assert split == whole
    for row, text in zip(whole, texts, strict=True):
        assert [verdict.gate for verdict in row] == list(BUILT_IN)
        for verdict in row:
            assert verdict.verdict in ("pass", "fail"), verdict
            if verdict.evidence is not None:
                assert text[verdict.evidence.start : verdict.evidence.end]


@dataclass(frozen=True)
class _Moody:
    """Does what the text says."""

    name: ClassVar[str] = "moody"
    version: ClassVar[int] = 3
    on_failure: ClassVar[Action] = "warn"

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        texts = documents["text"].to_pylist()
        if "raise" in texts:
            raise ZeroDivisionError("by zero")
        if "short" in texts:
            return verdicts(failed=[False] * (len(texts) - 1))
        if "outside" in texts:
            return verdicts(failed=[True] * len(texts), spans=[(0, 10**6)] * len(texts))
        if "columns" in texts:
            return documents
        return verdicts(failed=[text == "bad" for text in texts], reasons="it is bad")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise", "ZeroDivisionError: by zero"),
        ("short", "it gave 0 verdicts for 1 documents"),
        ("outside", "its evidence 0–1000000 lies outside a text of 7 characters"),
        ("columns", "it gave no column 'failed'"),
    ],
)
def test_a_gate_that_misbehaves_is_an_error_on_that_document_alone(text: str, said: str) -> None:
    documents = [given(each) for each in ("good", text, "bad", "good")]
    found = run_gate(_Moody(), batch_of(documents, now_us=NOW_US))
    assert [verdict.verdict for verdict in found] == ["pass", "error", "fail", "pass"]
    assert said in (found[1].reason or "")
    assert (found[2].reason, found[2].version) == ("it is bad", 3)


def test_a_gate_of_the_user_is_a_gate() -> None:
    assert isinstance(_Moody(), Gate)
    assert judge(_Moody(), "bad").verdict == "fail"


def test_a_gate_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="No gate plugin 'nobody'"):
        gate_class("nobody")
