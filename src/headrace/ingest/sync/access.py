"""Which access labels a document gets: its own, else those of the first rule that matches its URI."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.records.document import SourceItem

PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """Documents whose URI matches the pattern carry the labels.

    `*` also matches `/`, and a pattern matches at any depth: `hr/*` matches `docs/hr/pay.md`.
    """

    pattern: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """The rules of a corpus in order."""

    corpus: str
    rules: Sequence[AccessRule] = ()
    default: tuple[str, ...] = (PUBLIC,)
    """Labels of a document that no rule matches."""

    def of(self, item: SourceItem) -> tuple[str, tuple[str, ...]]:
        """The interned key and the labels of a document.

        A key names a rule rather than its labels, so changing the labels of a rule rewrites no rows.
        """
        if item.labels is not None:
            labels = tuple(sorted(set(item.labels)))
            return f"set:{json.dumps(labels)}", labels
        for rule in self.rules:
            if matches(item.uri, rule.pattern):
                return f"rule:{self.corpus}:{rule.pattern}", rule.labels
        return f"default:{self.corpus}", self.default


def matches(uri: str, pattern: str) -> bool:
    """Whether a URI, or what stands below any folder of it, matches a pattern."""
    return fnmatch.fnmatchcase(uri, pattern) or fnmatch.fnmatchcase(uri, f"*/{pattern}")
