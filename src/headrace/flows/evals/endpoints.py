"""Any HTTP endpoint as a target: a POST with JSON, and a key of the reply."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.curate.evals.base import Reply
from headrace.errors import ConfigError, RetryableError, TerminalError
from headrace.infer.providers.portal import portal

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
_SECONDS = 120.0
_MOST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTarget:
    """Sends the inputs of a case, or a template filled with them."""

    url: str
    template: str | None
    output: str
    """Key of the reply with the output; dots go deeper, numbers into lists."""
    version: str

    @property
    def identity(self) -> Mapping[str, Any]:
        """Address, form and declared version: what changes behind the address is not seen."""
        return {
            "kind": "http",
            "url": self.url,
            "template": self.template,
            "output": self.output,
            "version": self.version,
        }

    def answer(self, inputs: Mapping[str, Any]) -> Reply:
        """Ask the endpoint. Raises RetryableError and TerminalError."""
        body = dict(inputs) if self.template is None else filled(json.loads(self.template), inputs)
        given = portal().run(self._post(body))
        if not isinstance(given, dict):
            return Reply(output=given)
        output = at(given, self.output)
        if output is None:
            raise TerminalError(
                f"The reply of {self.url} has no {self.output!r}; it has {', '.join(map(repr, given))}."
            )
        documents = given.get("documents")
        citations = given.get("citations")
        usage = given.get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
        return Reply(
            output=output,
            documents=[str(item) for item in documents] if isinstance(documents, list) else (),
            citations=[item for item in citations if isinstance(item, dict)]
            if isinstance(citations, list)
            else (),
            tokens=tokens if isinstance(tokens, int) else 0,
        )

    async def _post(self, body: Any) -> Any:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.url, json=body, allow_redirects=False) as response,
            ):
                data = await response.content.read(_MOST_BYTES)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RetryableError(f"{self.url} did not answer: {type(error).__name__} {error}") from error
        if status >= 300:
            kind = RetryableError if status == 429 or status >= 500 else TerminalError
            raise kind(f"{self.url} answered with status {status}.")
        try:
            return json.loads(data)
        except ValueError:
            return data.decode("utf-8", "replace")


def open_endpoint(url: str, *, template: str | None, output: str, version: str) -> EndpointTarget:
    """The target of an address. Raises ConfigError for a template that is no JSON."""
    if template is not None:
        try:
            json.loads(template)
        except ValueError as error:
            raise ConfigError(f"The template is no JSON: {error}.", key="template") from error
    return EndpointTarget(url=url, template=template, output=output, version=version)


def filled(template: Any, inputs: Mapping[str, Any]) -> Any:
    """JSON in which `{{ name }}` stands for an input; alone in a text, for its JSON value."""
    if isinstance(template, str):
        whole = _PLACE.fullmatch(template.strip())
        if whole:
            return at(inputs, whole[1])
        return _PLACE.sub(lambda found: _text(at(inputs, found[1])), template)
    if isinstance(template, dict):
        return {key: filled(item, inputs) for key, item in template.items()}
    if isinstance(template, list):
        return [filled(item, inputs) for item in template]
    return template


def at(value: Any, path: str) -> Any:
    """What lies at `a.b.0` in JSON values; None where nothing does."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
