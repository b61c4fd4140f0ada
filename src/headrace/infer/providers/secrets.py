"""Keys: read from the environment at the moment of use, and kept out of everything that is shown."""

from __future__ import annotations

import os
import re

from headrace.errors import TerminalError
from headrace.infer.providers.config import ModelConfig

EXCERPT_CHARACTERS = 300
_KEY_LIKE = re.compile(r"(?i)\bbearer\s+[^\s\"',}]+|\b(?:sk|pk|rk|key)[-_][A-Za-z0-9_*-]{8,}")


def read_key(config: ModelConfig) -> str | None:
    """The key of a provider; None when it needs none. Raises TerminalError when the variable is not set."""
    if config.api_key_env is None:
        return None
    key = os.environ.get(config.api_key_env, "").strip()
    if not key:
        raise TerminalError(
            f"Environment variable {config.api_key_env!r}, the key of model {config.name!r}, is not set.",
            hint=f"Set {config.api_key_env} in the environment of this process.",
            provider=config.name,
            cause="missing_key",
        )
    return key


def scrub(text: str, key: str | None) -> str:
    """The text without the key and without anything that looks like one."""
    if key:
        text = text.replace(key, "***")
    return _KEY_LIKE.sub("***", text)


def excerpt(text: str, key: str | None) -> str:
    """The first part of a response, scrubbed, on one line."""
    flat = " ".join(scrub(text, key).split())
    return flat if len(flat) <= EXCERPT_CHARACTERS else flat[:EXCERPT_CHARACTERS] + "…"
