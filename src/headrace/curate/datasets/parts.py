"""What the operations on datasets work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from headrace.curate.datasets.config import DatasetConfig
from headrace.curate.datasets.files import Files

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger


@runtime_checkable
class HeldOut(Protocol):
    """A text that no training row may hold: of an eval case.

    class GoldenText(NamedTuple):
        id: str
        set: str
        text: str
        group: str | None
    """

    @property
    def id(self) -> str: ...

    @property
    def set(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def group(self) -> str | None: ...


def none_held_out(conn: Connection) -> Iterable[HeldOut]:
    """No eval cases."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetParts:
    """The stores and settings of datasets."""

    ledger: Ledger
    files: Files
    keyring: Keyring
    configs: Mapping[str, DatasetConfig]
    """`[datasets.NAME]`."""
    actor: str
    held_out: Callable[[Connection], Iterable[HeldOut]] = field(default=none_held_out)
    """Texts of eval cases."""

    def config(self, dataset: str) -> DatasetConfig:
        """The settings of a dataset; the defaults where it has none."""
        return self.configs.get(dataset, DatasetConfig())
