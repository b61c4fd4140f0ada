"""Names of attributes in the conventions that senders follow, the current ones first."""

from __future__ import annotations

from collections.abc import Mapping

NORMALISER = 1
"""Version of the rules by which attributes become those of a span."""

USERS = (
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "traceloop.association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "user_id",
    "userId",
)
"""Who used the product; the first that is there is the subject of the span."""
USERS_TOO = frozenset(
    {
        *USERS,
        "enduser.pseudo.id",
        "user.name",
        "user.full_name",
        "user.email",
        "langfuse.trace.user_id",
        "llm.user",
        "gen_ai.request.user",
        "gen_ai.openai.request.user",
    }
)
"""Attributes that name a user; a keyed hash takes the place of their value."""
SESSIONS = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
)
CONSENT = "headrace.consent"

OPERATIONS: Mapping[str, str] = {
    "chat": "call",
    "generate_content": "call",
    "text_completion": "call",
    "completion": "call",
    "embeddings": "embed",
    "embedding": "embed",
    "retrieval": "search",
    "search": "search",
    "rerank": "rerank",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "agent",
    "plan": "agent",
    "ask": "ask",
}
"""`gen_ai.operation.name`, and `llm.request.type` of old, to the kind of a span."""
KINDS: Mapping[str, str] = {
    "LLM": "call",
    "RETRIEVER": "search",
    "EMBEDDING": "embed",
    "TOOL": "tool",
    "AGENT": "agent",
    "RERANKER": "rerank",
    "GENERATION": "call",
}
"""`openinference.span.kind`, `traceloop.span.kind` and `langfuse.observation.type`, in capitals."""
KIND_NAMES = ("openinference.span.kind", "traceloop.span.kind", "langfuse.observation.type")
OPERATION_NAMES = ("gen_ai.operation.name", "llm.request.type")

ASKED_MODELS = (
    "gen_ai.request.model",
    "llm.request.model",
    "llm.model_name",
    "embedding.model_name",
    "reranker.model_name",
    "langfuse.observation.model.name",
    "ai.model.id",
)
MODELS = ("gen_ai.response.model", "llm.response.model", *ASKED_MODELS)
PROVIDERS = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "llm.vendor",
    "ai.model.provider",
)

INPUT_TOKENS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.promptTokens",
)
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.completionTokens",
)
CACHED_TOKENS = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
)
USAGE_DETAILS = "langfuse.observation.usage_details"
COST_DETAILS = "langfuse.observation.cost_details"
COSTS = ("gen_ai.usage.cost", "llm.cost.total")
"""In US dollars."""

INPUT_MESSAGES = ("gen_ai.input.messages",)
OUTPUT_MESSAGES = ("gen_ai.output.messages",)
SYSTEM = "gen_ai.system_instructions"
INDEXED_INPUT = ("gen_ai.prompt", "llm.prompts", "llm.input_messages")
INDEXED_OUTPUT = ("gen_ai.completion", "llm.completions", "llm.output_messages")
INPUTS = (
    "langfuse.observation.input",
    "input.value",
    "traceloop.entity.input",
    "gen_ai.tool.call.arguments",
    "gen_ai.prompt",
    "ai.prompt.messages",
    "ai.prompt",
    "langfuse.trace.input",
    "tool.parameters",
)
OUTPUTS = (
    "langfuse.observation.output",
    "output.value",
    "traceloop.entity.output",
    "gen_ai.tool.call.result",
    "gen_ai.completion",
    "ai.response.text",
    "langfuse.trace.output",
)
QUERIES = ("gen_ai.retrieval.query.text", "reranker.query", "db.query.text")
DOCUMENTS = "gen_ai.retrieval.documents"
INDEXED_DOCUMENTS = ("retrieval.documents", "reranker.output_documents")
TOP_K = ("gen_ai.retrieval.top_k", "gen_ai.request.top_k", "reranker.top_k", "db.vector.query.top_k")
FINISH = (
    "gen_ai.response.finish_reasons",
    "gen_ai.response.finish_reason",
    "llm.finish_reason",
    "ai.response.finishReason",
)

INDEXED = tuple(f"{name}." for name in (*INDEXED_INPUT, *INDEXED_OUTPUT, *INDEXED_DOCUMENTS))
"""Starts of attributes whose names hold a position."""

PARAMETERS: Mapping[str, str] = {
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.seed": "seed",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.stop_sequences": "stop",
    "llm.request.temperature": "temperature",
    "llm.temperature": "temperature",
    "llm.top_p": "top_p",
}
PARAMETER_TEXTS = ("llm.invocation_parameters", "langfuse.observation.model.parameters")
PROMPT_NAMES = (
    "gen_ai.prompt.name",
    "langfuse.observation.prompt.name",
    "traceloop.prompt.key",
    "llm.prompt_template.name",
)
PROMPT_VERSIONS = (
    "gen_ai.prompt.version",
    "langfuse.observation.prompt.version",
    "traceloop.prompt.version",
    "llm.prompt_template.version",
)

DETAILS_EVENT = "gen_ai.client.inference.operation.details"
EVALUATION_EVENT = "gen_ai.evaluation.result"
EXCEPTION_EVENT = "gen_ai.client.operation.exception"
MESSAGE_EVENTS: Mapping[str, str] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE_EVENT = "gen_ai.choice"
EVENTS = frozenset({DETAILS_EVENT, EVALUATION_EVENT, EXCEPTION_EVENT, CHOICE_EVENT, *MESSAGE_EVENTS})
"""Log records that belong to a span; others are not kept."""
