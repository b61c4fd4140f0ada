"""A hidden value and how it stands in its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["text", "bare", "raw"]
"""`text`: characters, to be escaped where they return into JSON. `bare`: a JSON value without quotes, such as
a number. `raw`: characters of a text that only looked like JSON, put back as they were."""

_FORMS: dict[bytes, Form] = {b"t": "text", b"b": "bare", b"r": "raw"}
_MARKS: dict[Form, bytes] = {form: mark for mark, form in _FORMS.items()}


@dataclass(frozen=True, slots=True)
class Value:
    """One value with its form; equal values of one form have one token."""

    text: str
    form: Form = "text"

    def to_bytes(self) -> bytes:
        """As it is sealed."""
        return _MARKS[self.form] + self.text.encode("utf-8", "surrogatepass")

    @classmethod
    def from_bytes(cls, data: bytes) -> Value:
        """Read back what `to_bytes` made."""
        return cls(data[1:].decode("utf-8", "surrogatepass"), _FORMS[data[:1]])
