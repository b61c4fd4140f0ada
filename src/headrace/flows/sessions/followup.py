"""What to search for when a question leans on the one before it, by a rule that needs no model.

A question is taken for a follow-up when it has fewer than five words, or says `it`, `that`, `they` and the
like, or begins with `and`, `what about` and the like (English words; of other languages the short ones are
found). Then the last question that stood on its own is put before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headrace.records.sessions import Turn

FEWER_WORDS = 5
MOST_CHARACTERS = 2000
"""Of an earlier question, the part that is put before this one."""
_WORDS = re.compile(r"\w+(?:['’]\w+)*")
_PRONOUNS = ("it", "its", "it's", "itself", "he", "she", "him", "her", "his", "hers", "they", "them", "their")
_POINTERS = ("that", "this", "these", "those", "theirs", "one", "ones", "there", "same", "previous", "again")
_REMAINDERS = ("former", "latter", "above", "instead", "else")
_LEANING = frozenset((*_PRONOUNS, *_POINTERS, *_REMAINDERS))
_OPENING = re.compile(
    r"\s*(?:and|but|or|so|then|also|why|why not|what about|how about|what if|how so|for how long)\b", re.I
)


def leans(question: str) -> bool:
    """Whether a question is taken for a follow-up."""
    words = [word.lower().replace("’", "'") for word in _WORDS.findall(question)]
    return len(words) < FEWER_WORDS or not _LEANING.isdisjoint(words) or bool(_OPENING.match(question))


def whole_question(question: str, turns: Sequence[Turn]) -> str:
    """The question to search for; the question itself where it stands on its own, or nothing was asked."""
    if not leans(question):
        return question
    earlier = [turn.content for turn in turns if turn.role == "user"]
    if not earlier:
        return question
    standing = next((text for text in reversed(earlier) if not leans(text)), earlier[0])
    return f"{standing[:MOST_CHARACTERS].strip()}\n{question}"
