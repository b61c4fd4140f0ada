"""What the workspace says about personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

DEFAULT_COUNTRIES: Sequence[str] = (
    "US",
    "GB",
    "DE",
    "FR",
    "ES",
    "IT",
    "NL",
    "CA",
    "AU",
    "IN",
    "IE",
    "CH",
    "AT",
    "BE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyConfig:
    """`[privacy]`: what counts as personal data, and where it is taken out."""

    types: tuple[str, ...] = ()
    """Types that are looked for; without this key all of them."""
    ignore: tuple[str, ...] = ()
    """Types that are not looked for."""
    threshold: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """Findings with a lower score are left out."""
    countries: tuple[str, ...] = tuple(DEFAULT_COUNTRIES)
    """ISO codes whose national phone numbers and forms of address count. Numbers with `+` always do."""
    people: tuple[str, ...] = ()
    """Files with a name on each line, found as `PERSON` in any case of letters."""
    organizations: tuple[str, ...] = ()
    """Files with a name on each line, found as `ORGANIZATION`."""
    names: bool = True
    """Whether names that are on no list of the workspace are looked for, by the built-in recogniser."""
    redact_events: bool = True
    """Whether recorded calls are redacted before they are written."""
