"""What of a call the vault cannot find: above all names, where nothing looks for them."""

from __future__ import annotations

import re

from headrace.privacy.engine import Engine

_PERSON = "PERSON"
# Words of other scripts than Latin, in which the built-in recogniser of names reads nothing.
_OTHER_SCRIPT = re.compile(
    "(?:[\u0370-\u03ff\u0400-\u1dbf\u1f00-\u1fff\u2c00-\u2c5f\u2c80-\ua71f\ua840-\uab2f\uab70-\ufaff"
    "\ufb1d-\ufdff\ufe70-\ufefc\uff66-\uffdc\U00010000-\U0001d3ff\U0001e000-\U0001efff\U00020000-\U0003ffff]){2}"
)


def always(engine: Engine) -> list[str]:
    """Types that the configuration wants and that nothing looks for, names first."""
    wanted = {_PERSON, *engine.config.types}
    return [name for name in engine.unprotected if name in wanted]


def of_text(text: str) -> list[str]:
    """Types that cannot be found in this text: names in a script that the recogniser does not read."""
    return [] if text.isascii() or _OTHER_SCRIPT.search(text) is None else [_PERSON]
