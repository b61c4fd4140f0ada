"""docs/gateway.md: its reasons, validators and programs are those of the package."""

from __future__ import annotations

from typing import Any, get_args

from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.outcome import Reason
from headrace.infer.gateway.validators import BUILT_IN, Judged, OutputValidator
from tests.docs.pages import DOCS, blocks, code, section, tables

PAGE = DOCS / "gateway.md"


def test_every_reason_and_every_validator_has_its_row() -> None:
    (reasons,) = tables(section(PAGE, "Why a call is a dead letter"))
    assert sorted(code(name) for row in reasons for name in row[0].split(", ")) == sorted(get_args(Reason))
    (validators,) = tables(section(PAGE, "Validators"))
    assert [code(row[0]) for row in validators] == list(BUILT_IN)


def test_the_validator_that_is_shown_works() -> None:
    (program,) = blocks(PAGE, "python")
    names: dict[str, Any] = {}
    exec(compile(program.text, str(PAGE), "exec"), names)
    validator = names["ShortAnswer"]()
    assert isinstance(validator, OutputValidator)
    request = CallRequest(messages=[], model="up")
    assert not validator(Judged(output="x", text="x", request=request))
    assert validator(Judged(output="x", text="x" * 401, request=request))
