"""The one commit point: identities, artifacts, refs, lineage, states, jobs and leases, on SQLite or PostgreSQL."""
