"""A workspace whose documents go through LLM steps, against a loopback model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fakes import openai_server as fake
from tests.workbench import Workbench

FACTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "category": {"type": "string"},
        "year": {"type": "integer"},
        "since": {"type": "string", "format": "date"},
    },
    "required": ["category", "year"],
    "additionalProperties": False,
}
GOOD = '{"category": "bird", "year": 2020, "since": "2020-03-01"}'

EXTRACT = """
[[corpus.docs.steps]]
name = "facts"
kind = "extract"
schema = "facts"
fallback = { category = "unknown" }
"""


def stepped(
    root: Path,
    server: fake.OpenAIServer,
    *,
    steps: str = EXTRACT,
    prompts: Mapping[str, str] | None = None,
    ledger: str | None = None,
    extra: str = "",
    model: str = "",
    sources: str = '"docs"',
) -> Workbench:
    """A workbench with steps, their prompts, and the schema `facts`."""
    bench = Workbench(root)
    endpoint = (
        f'\n[ask]\nmodel = "small"\n\n[models.small]\nbase_url = "{server.base_url}"\nmodel = "tiny"\n'
        f"timeout_seconds = 0.3\nmax_retries = 1\nbackoff_seconds = 0.001\n{model}"
    )
    bench.configure(ledger=ledger, sources=sources, extra=steps + extra + endpoint)
    (root / "schemas").mkdir(exist_ok=True)
    (root / "schemas" / "facts.json").write_text(json.dumps({"version": 1, **FACTS}))
    (root / "prompts").mkdir(exist_ok=True)
    for name, text in ({"facts": "## user\nFacts of: {{ text }}\n"} | dict(prompts or {})).items():
        (root / "prompts" / f"{name}.md").write_text(text)
    server.misbehave(fake.writing(lambda _: GOOD))
    return bench


def calls(server: fake.OpenAIServer) -> list[fake.Seen]:
    """The chats that were asked for."""
    return [seen for seen in server.requests if seen.path.endswith("/chat/completions")]


def metadata(bench: Workbench) -> dict[str, Mapping[str, Any]]:
    """What serves of each document, by its file name."""
    return {row["document"].removeprefix("docs/"): row["metadata"] for row in bench.rows()}


def texts(bench: Workbench, name: str) -> Sequence[str]:
    """The chunks of one document."""
    return [row["text"] for row in bench.rows() if row["document"] == f"docs/{name}"]
