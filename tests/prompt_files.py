"""A workspace with a prompt that uses everything a prompt can."""

from __future__ import annotations

from pathlib import Path

from tests.workbench import Workbench

MODELS = """
[models.small]
base_url = "http://127.0.0.1:9/v1"
model = "small-7b"

[models.large]
base_url = "http://127.0.0.1:9/v1"
model = "large-70b"
revision = "3"
"""
TRIAGE = """\
---
description: Sorts tickets by severity.
model: small
fallbacks: [large]
schema: ticket
variables:
  ticket: str
  limit: int?
parameters:
  temperature: 0
  max_tokens: 200
tools:
  - name: lookup
    description: Looks a pump up.
    parameters: {type: object, properties: {zone: {type: string}, id: {type: string}}}
features: [open_tickets]
few_shot: triage
vault: "on"
chat_template: models/small.jinja
tokenizer: models/small.json
---
## system
{% include "parts/tone.md" %}
Sort the ticket.

## user
{{ ticket }}{% if limit %} (at most {{ limit }} words){% endif %}
"""
SCHEMA = """\
{"version": 2, "type": "object", "required": ["severity"],
 "properties": {"reasoning": {"type": "string"}, "severity": {"enum": ["low", "high"]}}}
"""
EXAMPLES = """\
{"input": {"ticket": "All is dry."}, "output": {"reasoning": "No water.", "severity": "high"}}
{"messages": [{"role": "user", "content": "Paint peels."}], "output": {"severity": "low"}}
"""
TEMPLATE = """\
{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>
{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}
"""
TOKENIZER = """\
{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
 "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}}
"""


def prompt_workspace(root: Path, *, extra: str = "", ledger: str | None = None) -> Workbench:
    """The workspace; its corpus is never synced."""
    bench = Workbench(root)
    bench.configure(extra=MODELS + extra, ledger=ledger)
    write(root, "prompts/triage.md", TRIAGE)
    write(root, "prompts/parts/tone.md", "Be brief.\n")
    write(root, "prompts/few_shot/triage.jsonl", EXAMPLES)
    write(root, "prompts/models/small.jinja", TEMPLATE)
    write(root, "prompts/models/small.json", TOKENIZER)
    write(root, "schemas/ticket.json", SCHEMA)
    return bench


def write(root: Path, path: str, text: str) -> None:
    """Write a file of the workspace."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def change(root: Path, path: str, old: str, new: str) -> None:
    """Replace a text in a file, which must hold it."""
    text = (root / path).read_text(encoding="utf-8")
    assert old in text, f"{path} does not hold {old!r}"
    write(root, path, text.replace(old, new))
