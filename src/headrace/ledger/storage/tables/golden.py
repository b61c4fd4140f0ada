"""Golden sets, and what ran on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

golden_contents = Table(
    "golden_contents",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("inputs", Text, nullable=False),
    Column("expected", Text, nullable=False),
)

golden_cases = Table(
    "golden_cases",
    metadata,
    Column("set_name", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("half", Text, nullable=False),
    Column("must_pass", Integer, nullable=False),
    Column("owner", Text),
    Column("group_name", Text),
    Column("tags", Text, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("trace_id", Text),
    Column("subject", Text),
    Column("period", Text),
    Column("flake_rate", Float),
    Column("added_at_us", BigInteger, nullable=False),
    Index("golden_cases_content", "case_id"),
    Index("golden_cases_trace", "trace_id"),
)

golden_events = Table(
    "golden_events",
    metadata,
    Column("set_name", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

golden_versions = Table(
    "golden_versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("set_name", Text, nullable=False),
    Column("cases", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
)

eval_runs = Table(
    "eval_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("suite", Text, nullable=False),
    Column("golden", Text),
    Column("version", Text),
    Column("target", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("cached", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cost_micro", BigInteger),
    Column("currency", Text),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("actor", Text, nullable=False),
    Index("eval_runs_suite", "suite", "started_at_us"),
)

eval_outputs = Table(
    "eval_outputs",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reply", Text, nullable=False),
    Column("trace_id", Text),
    Column("case_id", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Index("eval_outputs_trace", "trace_id"),
    Index("eval_outputs_case", "case_id"),
)

eval_judgements = Table(
    "eval_judgements",
    metadata,
    Column("key", Text, primary_key=True),
    Column("output_key", Text, nullable=False),
    Column("score", Text, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Index("eval_judgements_output", "output_key"),
)

eval_results = Table(
    "eval_results",
    metadata,
    Column("run", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("repeat", Integer, primary_key=True, autoincrement=False),
    Column("case_id", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("output_key", Text, nullable=False),
    Column("error", Text),
    Column("latency_ms", Float),
    Column("scores", Text, nullable=False),
)

eval_verdicts = Table(
    "eval_verdicts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("suite", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("baseline", Text),
    Column("verdict", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("decided_at_us", BigInteger, nullable=False),
    Index("eval_verdicts_suite", "suite", "decided_at_us"),
)
