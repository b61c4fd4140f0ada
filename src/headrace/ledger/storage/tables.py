"""The tables of the ledger, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

HEAD = "0018"
"""Revision of the newest migration."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_us", BigInteger, nullable=False),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)

refs = Table(
    "refs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("artifact", Text, nullable=False),
    Column("valid_from_us", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("refs_at", "name", "valid_from_us", "seq"),
)

edges = Table(
    "edges",
    metadata,
    Column("target", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("attributes", Text, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Index("edges_source", "source"),
)

generations = Table(
    "generations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("corpus", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("overrides", Text, nullable=False),
    Column("chosen_over", Text),
    Column("written_until_us", BigInteger),
    Column("pruned_at_us", BigInteger),
    Column("embeddings_computed", BigInteger, nullable=False),
    Column("embeddings_reused", BigInteger, nullable=False),
    Column("cost_micros", BigInteger),
    Column("sources", Text, nullable=False),
    Index("generations_corpus", "corpus", "ordinal", unique=True),
)

generation_states = Table(
    "generation_states",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("published_at_us", BigInteger, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("digest", Text),
)

documents = Table(
    "documents",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("title", Text),
    Column("media_type", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("acl_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("modified_at_us", BigInteger),
    Column("indexed_at_us", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("moved_from", Text),
    Column("metadata_schema", Text, nullable=False, server_default=""),
    Column("misfits", Text, nullable=False, server_default="{}"),
    Column("quality", Text, nullable=False, server_default="{}"),
    Column("phrases", LargeBinary),
    Column("links", LargeBinary),
    Column("copied", Float),
    Column("in_links", Integer),
    Index("documents_revision", "generation", "revision"),
    Index("documents_acl", "generation", "acl_id"),
)

observations = Table(
    "observations",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("verified_at_us", BigInteger, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("first_at_us", BigInteger, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("corpus", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("progress", Text, nullable=False),
    Column("report", Text, nullable=False),
    Index("runs_corpus", "corpus", "started_at_us"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text),
    Column("expires_us", BigInteger, nullable=False),
)

acls = Table(
    "acls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Index("acls_key", "key", unique=True),
)

acl_labels = Table(
    "acl_labels",
    metadata,
    Column("label", Text, primary_key=True),
    Column("acl_id", Integer, primary_key=True, autoincrement=False),
    Index("acl_labels_acl", "acl_id"),
)

standings = Table(
    "standings",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("valid_from_us", BigInteger),
    Column("valid_to_us", BigInteger),
    Column("dated_us", BigInteger),
    Column("deprecated", Text),
    Column("replacement", Text),
    Column("stem", Text),
    Column("version", Text),
    Column("title_stem", Text),
    Column("title_version", Text),
    Column("sketch", LargeBinary),
    Column("superseded_by", Text),
    Column("superseded_from_us", BigInteger),
    Index("standings_stem", "corpus", "stem"),
    Index("standings_title_stem", "corpus", "title_stem"),
)

deprecations = Table(
    "deprecations",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("replacement", Text),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

near_duplicates = Table(
    "near_duplicates",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("metadata_schema", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("acl_id", Integer, nullable=False),
    Column("labels", Text, nullable=False),
    Column("modified_at_us", BigInteger),
    Column("winner", Text),
    Column("similarity", Float),
    Column("fate", Text, nullable=False),
    Index("near_duplicates_winner", "generation", "winner"),
)

standing_changes = Table(
    "standing_changes",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

document_history = Table(
    "document_history",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("event", Text, primary_key=True),
    Column("corpus", Text, primary_key=True),
    Column("generation", Text, primary_key=True),
    Column("revision", Text),
    Column("listed_at_us", BigInteger),
    Column("run_id", Text),
    Column("detail", Text, nullable=False),
)

listings = Table(
    "listings",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("tried_at_us", BigInteger, nullable=False),
    Column("complete_at_us", BigInteger),
    Column("reason", Text, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("waiting_since_us", BigInteger),
)

absences = Table(
    "absences",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
)

freshness_days = Table(
    "freshness_days",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("changes", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("total_lag_us", BigInteger, nullable=False),
    Column("max_lag_us", BigInteger, nullable=False),
)

hidden = Table(
    "hidden",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("hidden_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("found", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("certificate", Text),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("erasure", Text, nullable=False),
    Column("added_at_us", BigInteger, nullable=False),
)

keyring = Table(
    "keyring",
    metadata,
    Column("name", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

acl_moves = Table(
    "acl_moves",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("row_acl_id", Integer, primary_key=True, autoincrement=False),
    Column("acl_id", Integer, primary_key=True, autoincrement=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("chunk_id", Text, nullable=False),
    Column("error_type", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("first_at_us", BigInteger, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
)

sentinels = Table(
    "sentinels",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
)

sentinel_checks = Table(
    "sentinel_checks",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("embedder", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lowest_cosine", Float),
    Column("models", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("checked_at_us", BigInteger, nullable=False),
)

probes = Table(
    "probes",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("corpus", Text, nullable=False),
    Column("titles", Integer, nullable=False),
    Column("titles_found", Integer, nullable=False),
    Column("sentences", Integer, nullable=False),
    Column("sentences_found", Integer, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("floor", Float, nullable=False),
    Column("probed_at_us", BigInteger, nullable=False),
)

gate_verdicts = Table(
    "gate_verdicts",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("gate", Text),
    Column("gates", Text, nullable=False),
    Column("verdicts", Text, nullable=False),
    Column("judged_at_us", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("gate_verdicts_outcome", "generation", "outcome"),
)

gate_decisions = Table(
    "gate_decisions",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("gate", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at_us", BigInteger, nullable=False),
)

step_outputs = Table(
    "step_outputs",
    metadata,
    Column("key", Text, primary_key=True),
    Column("prompt_name", Text, nullable=False),
    Column("prompt_digest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("answered_by", Text, nullable=False),
    Column("schema_digest", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("repair", Text),
    Column("attempts", Integer, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
)

step_uses = Table(
    "step_uses",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Index("step_uses_key", "key"),
)

step_states = Table(
    "step_states",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

step_letters = Table(
    "step_letters",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("prompt_digest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("first_at_us", BigInteger, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("step_letters_key", "key"),
)

step_columns = Table(
    "step_columns",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kinds", Text, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

call_letters = Table(
    "call_letters",
    metadata,
    Column("id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("prompt", Text),
    Column("schema", Text),
    Column("model", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at_us", BigInteger),
    Column("settled_by", Text),
    Column("settled_trace", Text),
    Column("body", LargeBinary),
    Index("call_letters_state", "state", "at_us"),
)

call_keys = Table(
    "call_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("outcome", LargeBinary),
    Index("call_keys_until", "until_us"),
)

records = Table(
    "records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("schema", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("schema_digest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text),
    Column("rendered", Text, nullable=False),
    Column("generation", Text),
    Column("release", Text),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("event_time_us", BigInteger, nullable=False),
    Column("known_at_us", BigInteger, nullable=False),
    Column("repair", Text),
    Column("subject", Text),
    Column("sealed", LargeBinary),
    Column("rewritten_version", Integer),
    Column("rewritten_chain", Text),
    Column("rewritten", LargeBinary),
    Column("erased_at_us", BigInteger),
    Index("records_call", "trace_id", "span_id", unique=True),
    Index("records_schema", "schema", "id"),
    Index("records_known", "known_at_us"),
    Index("records_subject", "subject"),
)

record_documents = Table(
    "record_documents",
    metadata,
    Column("record", Text, primary_key=True),
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("chunk_id", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Index("record_documents_document", "corpus", "uri"),
)

vault_masters = Table(
    "vault_masters",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("retired_at_us", BigInteger),
)

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Index("vault_keys_scope", "scope"),
    Index("vault_keys_expires", "expires_at_us"),
)

vault_values = Table(
    "vault_values",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Index("vault_values_token", "token"),
    Index("vault_values_key", "key_id"),
)

vault_ties = Table(
    "vault_ties",
    metadata,
    Column("tie", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Index("vault_ties_scope", "scope"),
)

vault_audit = Table(
    "vault_audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("trace", Text),
    Column("scope", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index("vault_audit_at", "at_us"),
)

cache_series = Table(
    "cache_series",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("threshold", Float, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("false_hits", Integer, nullable=False),
    Column("off_at_us", BigInteger),
    Column("reason", Text, nullable=False),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("per_minute", Integer),
    Column("tokens_per_day", BigInteger),
    Column("micro_per_day", BigInteger),
    Column("currency", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at_us", BigInteger),
    Column("revoked_by", Text),
    Index("access_keys_secret", "secret", unique=True),
)

access_key_uses = Table(
    "access_key_uses",
    metadata,
    Column("key", Text, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cost_micro", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("value", Text, nullable=False),
    Column("comment", Text),
    Column("redacted", Text, nullable=False),
    Column("inferred", Integer, nullable=False),
    Column("exposed", Integer),
    Column("changed", Float),
    Column("at_us", BigInteger, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("joined_at_us", BigInteger),
    Index("signals_trace", "trace_id"),
    Index("signals_kind", "kind", "at_us"),
    Index("signals_at", "at_us"),
    Index("signals_subject", "subject"),
    Index("signals_joined", "joined_at_us"),
)

signal_draws = Table(
    "signal_draws",
    metadata,
    Column("id", Text, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("frame", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

signal_audits = Table(
    "signal_audits",
    metadata,
    Column("trace_id", Text, primary_key=True),
    Column("draw", Text),
    Column("probability", Float),
    Column("ended_us", BigInteger, nullable=False),
    Column("drawn_at_us", BigInteger, nullable=False),
    Column("verdict", Text),
    Column("actor", Text),
    Column("judged_at_us", BigInteger),
)

feature_runs = Table(
    "feature_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("view", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("as_of_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("actor", Text, nullable=False),
    Column("written", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Index("feature_runs_view", "view", "started_at_us"),
)
