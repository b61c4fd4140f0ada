"""Pinned chat templates and tokenizers: rendered and counted here, refused when something else serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import UsageError
from headrace.infer.prompts.base import Message
from headrace.infer.prompts.chat_template import (
    ChatTemplate,
    TemplateMismatch,
    apply_template,
    count_tokens,
    read_template,
    require_same,
)
from headrace.infer.prompts.file import load_prompt
from tests.prompt_files import TEMPLATE, change, prompt_workspace, write

MESSAGES = [Message(role="user", content="Pump 3 hums.")]


def test_messages_become_the_text_that_the_model_reads(tmp_path: Path) -> None:
    prompt_workspace(tmp_path)
    folder = tmp_path / "prompts"
    prompt = load_prompt(folder, "triage")
    text = apply_template(read_template(folder, prompt), MESSAGES)
    assert text == "<|user|>Pump 3 hums.<|end|>\n<|assistant|>"
    assert count_tokens(folder, prompt, "Pump 3 hums.") == 4
    change(tmp_path, "prompts/models/small.jinja", "<|end|>", "</s>")
    change(tmp_path, "prompts/models/small.json", '"?": 0', '"?": 0, "a": 1')
    with pytest.raises(TemplateMismatch, match="and the file is chat_template_"):
        read_template(folder, prompt)
    with pytest.raises(TemplateMismatch, match="pins tokenizer_"):
        count_tokens(folder, prompt, "x")


@pytest.mark.parametrize(
    ("reported", "said"),
    [
        ({"chat_template": TEMPLATE.replace("<|end|>", "</s>")}, "its chat template is not the text of"),
        ({"chat_template_digest": "chat_template_other"}, "its chat_template is chat_template_other"),
        ({"tokenizer_digest": "tokenizer_other"}, "its tokenizer is tokenizer_other"),
        ({"chat_template": TEMPLATE, "bos_token": "<s>"}, "its bos_token is '<s>', pinned is '<|start|>'"),
    ],
)
def test_an_upstream_with_another_template_is_refused(
    tmp_path: Path, reported: dict[str, Any], said: str
) -> None:
    prompt_workspace(tmp_path)
    given = {"chat_template": TEMPLATE, "bos_token": {"content": "<|start|>"}, "eos_token": None}
    write(tmp_path, "prompts/models/tokenizer_config.json", json.dumps(given))
    change(tmp_path, "prompts/triage.md", "models/small.jinja", "models/tokenizer_config.json")
    folder = tmp_path / "prompts"
    prompt = load_prompt(folder, "triage")
    with pytest.raises(TemplateMismatch) as caught:
        require_same(folder, prompt, reported)
    assert said in caught.value.message
    same = {
        "chat_template": TEMPLATE.replace("\n", "\r\n"),
        "bos_token": "<|start|>",
        "model_path": "/m.gguf",
    }
    require_same(folder, prompt, same)
    require_same(folder, prompt, {})


@pytest.mark.parametrize(
    "text", ["{{ messages.__class__.__mro__ }}", "{{ raise_exception('no') }}", "{{ nothing() }}", "{% if %}"]
)
def test_a_template_stays_in_its_sandbox(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be applied"):
        apply_template(ChatTemplate(text, "", ""), MESSAGES)
