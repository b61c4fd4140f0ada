"""`instructor`, `langchain-openai` and `pydantic-ai`, unmodified, against a served workspace."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from pydantic import BaseModel

from tests.fakes.model_server import Act, ModelServer, call


class Invoice(BaseModel):
    total: float
    currency: str


GOOD = {"total": 12.5, "currency": "EUR"}


def test_instructor(base_url: str, model: ModelServer) -> None:
    import instructor
    import openai

    arguments = call("Invoice", json.dumps(GOOD))
    model.play(Act(tool_calls=[arguments], finish_reason="tool_calls"), Act(text=json.dumps(GOOD)))
    asked: Any = [{"role": "user", "content": "Read it."}]
    with openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0) as client:
        for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON):
            read = instructor.from_openai(client, mode=mode).chat.completions.create(
                model="up", messages=asked, response_model=Invoice
            )
            assert read.model_dump() == GOOD


def test_langchain(base_url: str, model: ModelServer) -> None:
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    @tool
    def find_order(order: int) -> str:
        """Find an order."""
        return f"order {order}"

    with httpx.Client(trust_env=False) as http:
        known: Any = {"base_url": base_url, "api_key": "unused", "max_retries": 0, "http_client": http}
        chat = ChatOpenAI(model="up", **known)
        assert chat.invoke("Hello?").content == "An answer."
        assert "".join(str(piece.content) for piece in chat.stream("Hello?")) == "An answer."
        model.play(
            Act(tool_calls=[call("find_order", '{"order": 7}')], finish_reason="tool_calls"),
            Act(text=json.dumps(GOOD)),
        )
        (made,) = chat.bind_tools([find_order]).invoke("Where is order 7?").tool_calls
        assert (made["name"], made["args"]) == ("find_order", {"order": 7})
        typed: Any = chat.with_structured_output(Invoice, method="json_schema").invoke("Read it.")
        assert typed.model_dump() == GOOD
        embeddings = OpenAIEmbeddings(model="hash:8", check_embedding_ctx_length=False, **known)
        assert [len(vector) for vector in embeddings.embed_documents(["one", "two"])] == [8, 8]


def test_pydantic_ai(base_url: str, model: ModelServer) -> None:
    model.play(
        Act(tool_calls=[call("find_order", '{"order": 7}')], finish_reason="tool_calls"),
        Act(text="It was sent."),
        Act(tool_calls=[call("final_result", json.dumps(GOOD))], finish_reason="tool_calls"),
    )
    said, read = asyncio.run(_agents(base_url))
    assert said == "It was sent."
    assert "order 7 was sent" in model.asked[1].text
    assert read.model_dump() == GOOD


async def _agents(base_url: str) -> tuple[str, Invoice]:
    import openai
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async with openai.AsyncOpenAI(base_url=base_url, api_key="unused", max_retries=0) as client:
        served = OpenAIChatModel("up", provider=OpenAIProvider(openai_client=client))
        agent = Agent(served)

        @agent.tool_plain
        def find_order(order: int) -> str:
            return f"order {order} was sent"

        said = (await agent.run("Where is order 7?")).output
        read = (await Agent(served, output_type=Invoice).run("Read it.")).output
    return said, read
