"""Golden sets, eval runs and verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of golden sets and of evals."""
    _golden()
    _evals()


def _golden() -> None:
    op.create_table(
        "golden_contents",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
    )
    op.create_table(
        "golden_cases",
        sa.Column("set_name", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("half", sa.Text, nullable=False),
        sa.Column("must_pass", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("group_name", sa.Text),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("period", sa.Text),
        sa.Column("flake_rate", sa.Float),
        sa.Column("added_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("golden_cases_content", "golden_cases", ["case_id"])
    op.create_index("golden_cases_trace", "golden_cases", ["trace_id"])
    op.create_table(
        "golden_events",
        sa.Column("set_name", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "golden_versions",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("set_name", sa.Text, nullable=False),
        sa.Column("cases", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
    )


def _evals() -> None:
    op.create_table(
        "eval_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("golden", sa.Text),
        sa.Column("version", sa.Text),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("cached", sa.Integer, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_micro", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger),
        sa.Column("actor", sa.Text, nullable=False),
    )
    op.create_index("eval_runs_suite", "eval_runs", ["suite", "started_at_us"])
    op.create_table(
        "eval_outputs",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("eval_outputs_trace", "eval_outputs", ["trace_id"])
    op.create_index("eval_outputs_case", "eval_outputs", ["case_id"])
    op.create_table(
        "eval_judgements",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("output_key", sa.Text, nullable=False),
        sa.Column("score", sa.Text, nullable=False),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("eval_judgements_output", "eval_judgements", ["output_key"])
    op.create_table(
        "eval_results",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("repeat", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("output_key", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("latency_ms", sa.Float),
        sa.Column("scores", sa.Text, nullable=False),
    )
    op.create_table(
        "eval_verdicts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("baseline", sa.Text),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("decided_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("eval_verdicts_suite", "eval_verdicts", ["suite", "decided_at_us"])
