"""`workspace.schemas`: the operations on schemas, one call each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.schemas.parts import SchemaParts
    from headrace.records.schemas import (
        FreezeReport,
        MigrateReport,
        RewriteReport,
        SchemaCheck,
        SchemaDetail,
        SchemaDiff,
        SchemaList,
    )


@dataclass(frozen=True, slots=True)
class SchemaOperations:
    """What can be done with the schemas of a workspace."""

    parts: SchemaParts

    def list(self) -> SchemaList:
        """List every schema with the versions that are known. Files of models are not run."""
        from headrace.flows.schemas.listing import list_schemas

        return list_schemas(self.parts)

    def show(self, name: str) -> SchemaDetail:
        """Show a schema, its versions, and how values get from each to the next. Raises NotFoundError."""
        from headrace.flows.schemas.listing import show_schema

        return show_schema(self.parts, name)

    def diff(self, name: str, old: int | None = None, new: int | None = None) -> SchemaDiff:
        """Compare two versions: which changes break what was written in the old one, and why.

        Without versions the newest is compared with the one before. Raises NotFoundError, UsageError.
        """
        from headrace.flows.schemas.listing import diff_schema

        return diff_schema(self.parts, name, old, new)

    def migrate(self, name: str, *, old: int | None = None, draft: bool = False) -> MigrateReport:
        """Prepare a new version: freeze the older ones, and write the first draft of a migration to it.

        A compatible change gets one only if `draft`. A file that is there is never overwritten. Raises
        NotFoundError, UsageError where no older version is known, ConfigError.
        """
        from headrace.flows.schemas.freezing import migrate

        return migrate(self.parts, name, old=old, draft=draft)

    def check(self, name: str | None = None, *, everything: bool = False) -> SchemaCheck:
        """Read samples and stored records of every version in the newest one, and check the history.

        At most 200 records of each version are read, chosen at random, or `everything`. Raises NotFoundError.
        """
        from headrace.flows.schemas.checking import check

        return check(self.parts, name, everything=everything)

    def freeze(self, name: str | None = None) -> FreezeReport:
        """Write the known versions to `schemas/versions/`, of one schema or of all. Raises ConfigError."""
        from headrace.flows.schemas.freezing import freeze

        return freeze(self.parts, name)

    def rewrite(self, name: str, *, batch: int = 500) -> RewriteReport:
        """Store the newest version of every record of a schema beside what was written first; resumable.

        Raises NotFoundError, UsageError, ConfigError, and LeaseHeld while another process does the same.
        """
        from headrace.flows.schemas.rewriting import rewrite

        return rewrite(self.parts, name, batch=batch)
