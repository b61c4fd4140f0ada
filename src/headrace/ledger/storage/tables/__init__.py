"""The tables of the ledger, as the newest migration leaves them."""

from headrace.ledger.storage.tables.access_keys import access_key_uses, access_keys
from headrace.ledger.storage.tables.artifacts import artifacts, edges, refs
from headrace.ledger.storage.tables.base import HEAD, meta, metadata
from headrace.ledger.storage.tables.calls import (
    cache_series,
    call_keys,
    call_letters,
    record_documents,
    records,
)
from headrace.ledger.storage.tables.consents import consents
from headrace.ledger.storage.tables.curation import (
    coverage_runs,
    coverage_topics,
    curation_draws,
    curation_items,
    curation_links,
    curation_looked,
    curation_runs,
)
from headrace.ledger.storage.tables.documents import (
    absences,
    document_history,
    documents,
    failures,
    freshness_days,
    listings,
    near_duplicates,
    observations,
)
from headrace.ledger.storage.tables.embedding import dead_letters, probes, sentinel_checks, sentinels
from headrace.ledger.storage.tables.erasure import erasures, hidden, keyring, suppressions
from headrace.ledger.storage.tables.features import feature_runs
from headrace.ledger.storage.tables.gates import gate_decisions, gate_verdicts
from headrace.ledger.storage.tables.generations import generation_states, generations, leases, runs, snapshots
from headrace.ledger.storage.tables.signals import signal_audits, signal_draws, signals
from headrace.ledger.storage.tables.standing import (
    acl_labels,
    acl_moves,
    acls,
    deprecations,
    standing_changes,
    standings,
)
from headrace.ledger.storage.tables.steps import (
    step_columns,
    step_letters,
    step_outputs,
    step_states,
    step_uses,
)
from headrace.ledger.storage.tables.vault import (
    vault_audit,
    vault_keys,
    vault_masters,
    vault_ties,
    vault_values,
)

__all__ = [
    "HEAD",
    "absences",
    "access_key_uses",
    "access_keys",
    "acl_labels",
    "acl_moves",
    "acls",
    "artifacts",
    "cache_series",
    "call_keys",
    "call_letters",
    "consents",
    "coverage_runs",
    "coverage_topics",
    "curation_draws",
    "curation_items",
    "curation_links",
    "curation_looked",
    "curation_runs",
    "dead_letters",
    "deprecations",
    "document_history",
    "documents",
    "edges",
    "erasures",
    "failures",
    "feature_runs",
    "freshness_days",
    "gate_decisions",
    "gate_verdicts",
    "generation_states",
    "generations",
    "hidden",
    "keyring",
    "leases",
    "listings",
    "meta",
    "metadata",
    "near_duplicates",
    "observations",
    "probes",
    "record_documents",
    "records",
    "refs",
    "runs",
    "sentinel_checks",
    "sentinels",
    "signal_audits",
    "signal_draws",
    "signals",
    "snapshots",
    "standing_changes",
    "standings",
    "step_columns",
    "step_letters",
    "step_outputs",
    "step_states",
    "step_uses",
    "suppressions",
    "vault_audit",
    "vault_keys",
    "vault_masters",
    "vault_ties",
    "vault_values",
]
