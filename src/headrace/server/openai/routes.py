"""The routes of `/v1`."""

from __future__ import annotations

from starlette.routing import Route

from headrace.server.openai.chat import chat_completions
from headrace.server.openai.embeddings import create_embeddings
from headrace.server.openai.models import list_models, show_model

ROUTES = (
    Route("/v1/chat/completions", chat_completions, methods=["POST"]),
    Route("/v1/embeddings", create_embeddings, methods=["POST"]),
    Route("/v1/models", list_models, methods=["GET"]),
    Route("/v1/models/{name:path}", show_model, methods=["GET"]),
)
"""Plain routes, without a model of their bodies: what a client sends beyond what is known is passed on."""
