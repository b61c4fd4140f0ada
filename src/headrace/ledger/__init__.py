"""The one commit point: identities, artifacts, refs, lineage, states, jobs and leases, in one database."""
