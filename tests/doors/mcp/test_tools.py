"""The tools as a real MCP client sees them, over both transports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent

from tests.doors.cli.program import COMMAND, program_environment
from tests.doors.server.serving import HEADINGS, QUESTION, QUOTE
from tests.workbench import Workbench

Talk = Callable[[Callable[[Client], Awaitable[Any]]], Any]


@pytest.fixture(params=["stdio", "http"])
def talk(request: pytest.FixtureRequest, synced: Workbench) -> Talk:
    """Connect a client, run a conversation, give back its outcome."""

    def target() -> Any:
        if request.param == "http":
            return f"{request.getfixturevalue('address')}/mcp"
        arguments = [*COMMAND[1:], "mcp", "--workspace", str(synced.root)]
        environment = program_environment({})
        return stdio_client(StdioServerParameters(command=COMMAND[0], args=arguments, env=environment))

    def run(conversation: Callable[[Client], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            async with Client(target()) as client:
                return await conversation(client)

        return anyio.run(connected)

    return run


def text_of(result: CallToolResult) -> str:
    """What a model reads of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def test_the_tools_and_their_schemas(talk: Talk) -> None:
    async def conversation(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in talk(conversation)}
    assert set(tools) == {"search", "ask"}
    for tool in tools.values():
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert "access" not in tool.input_schema["properties"]
    assert tools["search"].input_schema["required"] == ["query"]
    assert tools["ask"].input_schema["required"] == ["question"]
    assert set(tools["search"].output_schema["properties"]) >= {"query", "generation", "trace_id", "hits"}
    assert set(tools["ask"].output_schema["properties"]) >= {"answer", "citations", "trace_id", "release"}


def test_a_conversation(talk: Talk) -> None:
    async def conversation(client: Client) -> Any:
        found = await client.call_tool("search", {"query": "backups", "k": 2})
        answer = await client.call_tool("ask", {"question": QUESTION})
        secret = await client.call_tool("search", {"query": "salary bands of the finance team", "k": 50})
        return found, answer, secret

    found, answer, secret = talk(conversation)
    assert len(found.structured_content["hits"]) == 2
    assert f"[1] {found.structured_content['hits'][0]['document']}" in text_of(found)
    citation = next(item for item in answer.structured_content["citations"] if QUOTE in item["quote"])
    assert citation["headings"] == HEADINGS
    assert f"docs/policies/retention.md, {' › '.join(HEADINGS)}" in text_of(answer)
    assert answer.structured_content["trace_id"] in text_of(answer)
    assert "docs/salaries.md" not in {hit["document"] for hit in secret.structured_content["hits"]}


def test_the_calls_are_recorded(talk: Talk, synced: Workbench) -> None:
    async def conversation(client: Client) -> Any:
        return await client.call_tool("ask", {"question": QUESTION})

    trace = talk(conversation).structured_content["trace_id"]
    with synced.open() as workspace:
        assert workspace.why(trace).upstream.facts["question"] == QUESTION


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("search", {"query": "x", "filter": "???"}, "Write for example"),
    ("search", {"query": " "}, "The query is empty."),
    ("search", {"query": "x", "corpus": "nope"}, "No corpus 'nope'"),
    ("ask", {"question": "x", "corpus": "nope"}, "No corpus 'nope'"),
    ("search", {"query": "x", "k": 0}, "greater than or equal to 1"),
]


def test_errors_say_what_to_do(talk: Talk) -> None:
    async def conversation(client: Client) -> Any:
        return [await client.call_tool(tool, arguments) for tool, arguments, _ in REFUSED]

    for result, (_, _, said) in zip(talk(conversation), REFUSED, strict=True):
        assert result.is_error
        assert said in text_of(result)
        assert "Traceback" not in text_of(result)
