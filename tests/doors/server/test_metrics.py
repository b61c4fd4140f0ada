"""/metrics: what calls did, and that nothing is named in rules, dashboard or documents that is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from scripts.build_dashboard import dashboard

from headrace.server.metrics.series import Bounded
from tests.doors.server.serving import client, serving
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

ROOT = Path(__file__).parents[3]
_MODELS = """
[gateway]
reasks = 1

[models.up]
base_url = "{url}"
model = "good"
max_retries = 0
price_per_million_input_tokens = 1000000.0
price_per_million_output_tokens = 0.0

[models.gone]
base_url = "http://127.0.0.1:9/v1"
model = "gone"
max_retries = 0
breaker_failures = 1
"""
_PROMPT = "---\nmodel: up\nschema: greeting\nvariables:\n  name: str\n---\nGreet {{ name }}.\n"
_TEXT = {"type": "string"}
_SCHEMA = json.dumps({"type": "object", "properties": {"text": _TEXT, "mood": _TEXT}, "required": ["text"]})
FENCED = '```json\n{"text": "Hello"}\n```'


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(Act(text='{"text": "Hello"}')) as server:
        yield server


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[httpx.Client]:
    bench = Workbench(tmp_path_factory.mktemp("metrics"))
    bench.configure(extra=_MODELS.format(url=model.base_url))
    for path, text in (("prompts/greet.md", _PROMPT), ("schemas/greeting.json", _SCHEMA)):
        (bench.root / path).parent.mkdir(exist_ok=True)
        (bench.root / path).write_text(text, encoding="utf-8")
    with serving(bench.root) as address, client(address) as opened:
        yield opened


def samples(http: httpx.Client) -> dict[str, float]:
    """Every sample as `name{labels}`, labels in their order."""
    answer = http.get("/metrics")
    assert answer.status_code == 200
    return {
        sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def chat(http: httpx.Client, asked: str, **more: object) -> httpx.Response:
    body = {"model": asked, "messages": [{"role": "user", "content": "Hi"}], **more}
    return http.post("/v1/chat/completions", json=body)


def test_calls_are_counted_as_they_were_before_they_were_put_right(
    http: httpx.Client, model: ModelServer
) -> None:
    glad, empty = Act(text='{"text": "Hello", "mood": "glad"}'), Act(text="{}")
    model.play(glad, Act(text=FENCED), empty, empty)
    for _ in range(3):
        chat(http, "prompt:greet", metadata={"name": "Ann"})
    assert chat(http, "up", stream=True).status_code == 200
    model.play(Act(text="Hello", model="newer"))
    assert chat(http, "up").status_code == 200
    assert chat(http, "gone").status_code == 502
    found = samples(http)
    asked = "up:good|greet"
    wanted = {
        f"headrace_calls_total|{asked}|valid": 2,
        f"headrace_calls_total|{asked}|dead_lettered": 1,
        f"headrace_outputs_valid_before_repair_total|{asked}": 1,
        f"headrace_outputs_valid_total|{asked}": 2,
        "headrace_calls_without_schema_total": 3,
        "headrace_repairs_total|fence|up:good": 1,
        "headrace_corrections_total|greet": 2,
        "headrace_output_fields_filled_total|mood|greet": 1,
        "headrace_dead_letters_open": 2,
        "headrace_dead_letters_total|greet|invalid": 1,
        "headrace_model_changes_total|up:good": 1,
        "headrace_breaker_state|gone": 2,
        "headrace_breaker_state|up": 0,
        "headrace_calls_in_flight": 0,
        "headrace_call_seconds_count": 6,
        "headrace_first_token_seconds_count": 1,
        "headrace_call_stage_seconds_count|record": 6,
    }
    assert {name: found.get(name) for name in wanted} == wanted, found
    assert found["headrace_tokens_total|input|up:good"] == found["headrace_cost_total|USD|up:good"] > 0


def test_everything_that_is_named_is_there(http: httpx.Client) -> None:
    text = http.get("/metrics").text
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    there |= {f"{name}_bucket" for name in there}
    for file in ("ops/alerts.yml", "ops/dashboard.json", "docs/metrics.md"):
        named = set(re.findall(r"headrace_\w+", (ROOT / file).read_text(encoding="utf-8")))
        assert named, file
        assert not named - there, file


def test_the_rules_are_rules_and_the_dashboard_is_what_its_script_writes() -> None:
    rules = [
        rule
        for group in yaml.safe_load((ROOT / "ops/alerts.yml").read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 8
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["do"]
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
        assert rule["expr"].count("(") == rule["expr"].count(")")
    assert json.loads((ROOT / "ops/dashboard.json").read_text(encoding="utf-8")) == dashboard()


def test_invented_names_do_not_fill_the_memory() -> None:
    bounded = Bounded(3)
    assert [bounded("model", name) for name in "abcdab"] == ["a", "b", "c", "other", "a", "b"]
    assert bounded("prompt", "d") == "d"
    assert bounded("prompt", None) == ""
