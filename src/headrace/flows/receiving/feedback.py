"""What a user said of an answer, sent as an evaluation, is kept as a signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from headrace.observe.traces.receiving.latecomers import Feedback

if TYPE_CHECKING:
    from headrace.observe.signals.operations import SignalOperations


def teller(signals: SignalOperations) -> Callable[[Feedback], None]:
    """Keeps feedback as signals; the same log record twice is one signal."""

    def tell(feedback: Feedback) -> None:
        signals.add(
            feedback.trace_id,
            feedback.kind,
            feedback.value,
            span=feedback.span_id,
            user=feedback.user,
            comment=feedback.comment,
            id=feedback.id,
            at_us=feedback.at_us,
        )

    return tell
