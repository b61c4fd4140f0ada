"""`POST /v1/embeddings`, from the embedders of the workspace."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from headrace.infer.gateway.outcome import Usage
from headrace.records.call import SpanEvent, new_span_id, new_trace_id
from headrace.server.callers import CALLER
from headrace.server.openai.errors import OpenAIError, error_of, json_response

if TYPE_CHECKING:
    from headrace.infer.embedders.base import Embedded
    from headrace.records.keys import Caller
    from headrace.workspace import Workspace

_MOST_TEXTS = 2048


async def create_embeddings(request: Request) -> Response:
    """Embed one text or several; vectors have unit length."""
    try:
        body = _read(await request.body())
        answer, trace_id = await run_in_threadpool(_embed, request.app.state.workspace, body, CALLER.get())
    except Exception as error:  # noqa: BLE001 - answered in the one shape of this door
        return error_of(error).reply()
    return json_response(answer, headers={"x-request-id": trace_id, "x-headrace-trace-id": trace_id})


def _read(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise OpenAIError(400, "The body is not JSON.") from None
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise OpenAIError(400, "'model' must be a text.", param="model", code="missing_required_parameter")
    texts = [body["input"]] if isinstance(body.get("input"), str) else body.get("input")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise OpenAIError(
            400,
            "'input' must be a text or a list of texts, none of them empty. Numbers of tokens are not taken: "
            "which tokenizer they are of cannot be known.",
            param="input",
        )
    if len(texts) > _MOST_TEXTS:
        raise OpenAIError(400, f"'input' has more than {_MOST_TEXTS} texts.", param="input")
    if body.get("encoding_format", "float") not in ("float", "base64"):
        raise OpenAIError(400, "'encoding_format' must be float or base64.", param="encoding_format")
    return {**body, "input": texts}


def _embed(workspace: Workspace, body: dict[str, Any], caller: Caller | None) -> tuple[dict[str, Any], str]:
    started_ns = time.time_ns()
    embedder = workspace.embedder(body["model"])
    wanted = body.get("dimensions")
    if wanted is not None and wanted != embedder.dimension:
        raise OpenAIError(
            400, f"{embedder.name!r} gives vectors of {embedder.dimension} numbers.", param="dimensions"
        )
    embedded = embedder.embed(body["input"])
    if embedded.failed:
        raise next(iter(embedded.failed.values()))
    tokens = embedded.tokens if embedded.tokens is not None else embedder.count_tokens(body["input"])
    span = SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name=f"embeddings {embedder.name}",
        kind="embed",
        start_ns=started_ns,
        end_ns=time.time_ns(),
        model=embedder.name,
        input_tokens=tokens,
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": body["model"],
            "gen_ai.usage.input_tokens": tokens,
            "gen_ai.embeddings.dimension.count": embedder.dimension,
            "texts": len(body["input"]),
            **({"key": caller.id} if caller else {}),
        },
    )
    written = workspace.events.append([span])
    workspace.gateway.meter.count_now(caller, Usage(input_tokens=tokens))
    written.result()
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    data = _rows(embedded, as_text=body.get("encoding_format") == "base64")
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}, span.trace_id


def _rows(embedded: Embedded, *, as_text: bool) -> list[dict[str, Any]]:
    rows = embedded.vectors.astype("<f4")
    vectors = [base64.b64encode(row.tobytes()).decode() for row in rows] if as_text else rows.tolist()
    return [
        {"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)
    ]
