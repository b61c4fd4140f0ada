"""`GET /v1/models`: what a request may name."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from headrace.infer.models.build import EXTRACTIVE
from headrace.server.openai.errors import OpenAIError, error_of, json_response


async def list_models(request: Request) -> Response:
    """Every configured model, the built-in one, and every prompt."""
    try:
        found = await run_in_threadpool(_models, request)
    except Exception as error:  # noqa: BLE001 - answered in the one shape of this door
        return error_of(error).reply()
    return json_response({"object": "list", "data": found})


async def show_model(request: Request) -> Response:
    """One of them."""
    name = request.path_params["name"]
    try:
        found = next(
            (model for model in await run_in_threadpool(_models, request) if model["id"] == name), None
        )
        if found is None:
            raise OpenAIError(404, f"There is no model {name!r}.", code="model_not_found", param="model")
    except Exception as error:  # noqa: BLE001 - answered in the one shape of this door
        return error_of(error).reply()
    return json_response(found)


def _models(request: Request) -> list[dict[str, Any]]:
    workspace = request.app.state.workspace
    owners = dict.fromkeys(workspace.config.models, "provider") | {EXTRACTIVE: "headrace"}
    owners |= {f"prompt:{name}": "workspace" for name in workspace.released_prompts()}
    return [
        {"id": name, "object": "model", "created": 0, "owned_by": owner} for name, owner in owners.items()
    ]
