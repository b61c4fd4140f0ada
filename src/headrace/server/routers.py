"""Every router of the HTTP application, in the order in which a path is held against them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from headrace.server import (
    api,
    api_cache,
    api_calls,
    api_consents,
    api_embeddings,
    api_features,
    api_forget,
    api_gates,
    api_index,
    api_keys,
    api_metadata,
    api_otlp,
    api_pii,
    api_prompts,
    api_quality,
    api_schemas,
    api_signals,
    api_standing,
    api_steps,
    api_traces,
    api_vault,
    api_sessions,
    api_datasets,
    health,
    pages,
)

ROUTERS: Sequence[APIRouter] = (
    api.router,
    api_calls.router,
    api_keys.router,
    api_forget.router,
    api_metadata.router,
    api_index.router,
    api_gates.router,
    api_quality.router,
    api_signals.router,
    api_signals.snippet_router,
    api_steps.router,
    api_standing.router,
    api_embeddings.router,
    api_pii.router,
    api_prompts.router,
    api_schemas.router,
    api_vault.router,
    api_cache.router,
    api_features.router,
    api_traces.router,
    api_consents.router,
    api_otlp.router,
    api_sessions.router,
    api_sessions.profile_router,
    api_datasets.router,
    api_datasets.models,
    health.router,
    pages.router,
)
