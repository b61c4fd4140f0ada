"""Sentinel texts: what they are, what an embedder gives for them now, whether that is what it gave before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import ProviderError, VectorMismatch
from headrace.infer.embedders.base import Embedder
from headrace.infer.embedders.validate import MISSING
from headrace.ledger.identity import digest_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_COSINE = 0.999
"""Below this to the recorded vector, a text was embedded by something else."""

TEXTS: tuple[str, ...] = (
    "water",
    "How long are backups kept?",
    "The miller opens the sluice, and the wheel begins to turn.",
    "Refunds are paid within 14 days of the return, to the card that was charged.",
    "Der Vertrag verlängert sich um ein Jahr, wenn er nicht drei Monate vorher gekündigt wird.",
    "La livraison est gratuite à partir de cinquante euros d'achat.",
    "El servicio no está disponible los domingos ni los días festivos.",
    "水车把河水引到高处的田里。",
    "Сервер перезапускается каждую ночь в три часа.",
    "يُحفظ السجل لمدة ثلاثين يومًا.",
    "def area(width, height):\n    return width * height  # square metres",
    "error 503: upstream timed out after 30 s (request 8f3a, attempt 3 of 5). "
    "The gateway answered with the last known good result, marked it as stale, and queued another try. "
    "Nothing was lost; the queue held 1,204 entries and drained within two minutes of the service's return.",
)
"""Short and long, in several languages, prose and code; never changed, only added to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an embedder gave for sentinel texts."""

    vectors: Mapping[str, bytes]
    """Text hash to float32 bytes, little endian, unit length."""
    models: tuple[str, ...]
    broken: str = ""
    """What is wrong with vectors that came, where one was zero, not finite or of another dimension."""
    unreachable: ProviderError | None = None
    """Why there are none."""


def measure(embedder: Embedder, own: Sequence[str] = ()) -> Measured:
    """Embed the sentinel texts and the caller's own ones."""
    texts = {digest_text("text", text): text for text in (*TEXTS, *own)}
    given = embedder.embed(list(texts.values()))
    for error in given.failed.values():
        if isinstance(error, VectorMismatch) and error.details.get("cause") != MISSING:
            return Measured(vectors={}, models=given.echoed_models, broken=error.message)
    if len(given.failed) == len(texts):
        return Measured(vectors={}, models=given.echoed_models, unreachable=next(iter(given.failed.values())))
    # A provider may refuse one text for what it says; the others tell enough.
    vectors = {
        text_hash: given.vectors[at].astype("<f4").tobytes()
        for at, text_hash in enumerate(texts)
        if at not in given.failed
    }
    return Measured(vectors=vectors, models=given.echoed_models)


def lowest_cosine(recorded: Mapping[str, bytes], measured: Mapping[str, bytes]) -> float | None:
    """The lowest cosine over texts that both have; 0.0 for vectors of another length, None without any."""
    import numpy as np

    cosines = []
    for text_hash in recorded.keys() & measured.keys():
        one, other = _vector(recorded[text_hash]), _vector(measured[text_hash])
        cosines.append(float(np.dot(one, other)) if one.shape == other.shape else 0.0)
    return round(min(cosines), 6) if cosines else None


def difference(
    recorded: Mapping[str, bytes], expected_models: Sequence[str], measured: Measured
) -> tuple[str, float | None]:
    """What an embedder does otherwise than before, or an empty text; and the lowest cosine."""
    if measured.broken:
        return measured.broken, None
    lowest = lowest_cosine(recorded, measured.vectors)
    if lowest is not None and lowest < LEAST_COSINE:
        said = f"a sentinel text has cosine {lowest:g} to its recorded vector, below {LEAST_COSINE}"
        return said, lowest
    return other_model(expected_models, measured.models), lowest


def other_model(expected: Sequence[str], found: Sequence[str]) -> str:
    """What is said of a provider that reports another model than before; empty where it does not."""
    new = sorted(set(found) - set(expected))
    if not expected or not new:
        return ""
    return f"the provider reports the model {new[0]!r}, before it was {sorted(expected)[0]!r}"


def _vector(data: bytes) -> NDArray[np.float64]:
    import numpy as np

    return np.frombuffer(data, dtype="<f4").astype(np.float64)
