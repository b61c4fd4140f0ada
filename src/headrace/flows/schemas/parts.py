"""What the operations on schemas work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import ConfigError
from headrace.infer.schemas.chain import Chain
from headrace.infer.schemas.file import schema_names
from headrace.infer.schemas.migrations import find_migrations
from headrace.infer.schemas.opening import open_chain
from headrace.infer.schemas.store import recorded, recorded_names
from headrace.infer.schemas.versions import Versions, frozen_names, gather

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.infer.records.reading import RecordReader
    from headrace.infer.records.sealing import Seal
    from headrace.infer.records.window import Support
    from headrace.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaParts:
    """A folder of schemas, what the ledger keeps of them, and the records that are by them."""

    ledger: Ledger
    root: Path
    """The folder of the workspace."""
    reader: RecordReader
    seal: Seal
    support: Mapping[str, Support]
    actor: str

    @property
    def folder(self) -> Path:
        """Where schemas stand."""
        return self.root / "schemas"

    def names(self, conn: Connection) -> list[str]:
        """Every schema that there is or was."""
        return sorted({*schema_names(self.folder), *frozen_names(self.folder), *recorded_names(conn)})

    def versions(self, name: str) -> Versions:
        """Everything known of a schema, as it is now. Raises NotFoundError, ConfigError."""
        with self.ledger.read() as conn:
            return gather(self.folder, name, recorded(conn, name))

    def shown(self, path: Path) -> str:
        """A file as people know it: below the workspace."""
        return str(path.relative_to(self.root))

    def migration(self, name: str, lower: int, upper: int) -> str | None:
        """The file that leads from one version to the other."""
        files = find_migrations(self.folder, name)
        return next(
            (self.shown(file.path) for file in files if (file.lower, file.upper) == (lower, upper)), None
        )


def chain_for(parts_folder: Path, ledger: Ledger, name: str) -> Chain:
    """The chain of a schema. Raises NotFoundError, and ConfigError where a version means two things."""
    with ledger.read() as conn:
        versions = gather(parts_folder, name, recorded(conn, name))
    if versions.conflicts:
        raise ConfigError(versions.conflicts[0])
    return open_chain(parts_folder, versions)
