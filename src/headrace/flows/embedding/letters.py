"""Refused texts: list them, send them again."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.flows.embedding.parts import EmbeddingParts
from headrace.ledger import dead_letters as rows
from headrace.records.embedding import DeadLetter, DeadLetters, RetryReport


def dead_letters(parts: EmbeddingParts, corpus: str | None) -> DeadLetters:
    """Every text that is refused now, by corpus and document."""
    return DeadLetters(letters=_letters(parts, parts.corpora(corpus)))


def retry(parts: EmbeddingParts, corpus: str | None) -> RetryReport:
    """Sync each corpus that has refused texts, sending them again; what succeeds is published."""
    before = _letters(parts, parts.corpora(corpus))
    names = list(dict.fromkeys(letter.corpus for letter in before))
    syncs = tuple(parts.retry(name) for name in names)
    left = _letters(parts, names)
    known = {(letter.corpus, letter.document, letter.text_hash) for letter in before}
    still = sum((letter.corpus, letter.document, letter.text_hash) in known for letter in left)
    return RetryReport(tried=len(before), healed=len(before) - still, letters=left, syncs=syncs)


def _letters(parts: EmbeddingParts, corpora: Sequence[str]) -> tuple[DeadLetter, ...]:
    with parts.ledger.read() as conn:
        return tuple(
            DeadLetter(
                corpus=corpus,
                document=row.uri,
                chunk_id=row.chunk_id,
                text_hash=row.text_hash,
                error_type=row.error_type,
                error=row.error,
                attempts=row.attempts,
                first_at_us=row.first_at_us,
                last_at_us=row.last_at_us,
            )
            for corpus in corpora
            for row in rows.list(conn, corpus)
        )
