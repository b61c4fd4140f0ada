"""Why nothing of a document or a user stands in the tables of releases."""

from __future__ import annotations

from headrace.ledger.erasers import exempt

exempt(
    "digests, verdicts, figures, counts of documents, and what operators wrote",
    "table:release_makings",
    "table:release_evidence",
    "table:release_moves",
)
exempt(
    "digests, states and counts of the steps of a turn, and reasons in our own words",
    "table:loop_turns",
    "table:loop_steps",
)
