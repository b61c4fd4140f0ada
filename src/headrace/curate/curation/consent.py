"""What users allow: a case needs their word for eval, a row or a pair for training."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from headrace.curate.curation.drafting import Draft
from headrace.ledger import consents
from headrace.records.curation import ItemKind

if TYPE_CHECKING:
    from sqlalchemy import Connection


Refused = Literal["no consent for eval", "no consent for training", "no user known"]


class Allowed(NamedTuple):
    """Users, by what they allow."""

    eval: frozenset[str]
    training: frozenset[str]
    without_user: bool
    """Whether texts of which no user is known may be trained on."""

    def refuses(self, kind: ItemKind, subject: str | None, author: str | None) -> Refused | None:
        """Why a draft of these users' words may not be kept; None where it may."""
        people = {name for name in (subject, author) if name is not None}
        if kind == "case":
            return None if people <= self.eval else "no consent for eval"
        if not people:
            return None if self.without_user else "no user known"
        return None if people <= self.training else "no consent for training"

    def reduced(self, draft: Draft) -> Draft:
        """A case without the words of somebody who does not want them used; the question stays."""
        if draft.kind != "case" or draft.author is None or draft.author in self.eval:
            return draft
        return replace(draft, author=None, origin="observed", body={**draft.body, "expected": None})


def allowed_among(conn: Connection, people: Iterable[str | None], *, without_user: bool) -> Allowed:
    """What these users allow now."""
    known: Collection[str] = {name for name in people if name is not None}
    return Allowed(
        eval=frozenset(consents.allowed(conn, known, "eval")),
        training=frozenset(consents.allowed(conn, known, "training")),
        without_user=without_user,
    )
