"""A ledger and files for datasets, without a workspace around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from headrace.curate.datasets.config import DatasetConfig, DatasetGates
from headrace.curate.datasets.files import Files
from headrace.curate.datasets.parts import DatasetParts, HeldOut
from headrace.ledger.blobs import open_blobs
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.ledger import Ledger

MakeParts = Callable[..., DatasetParts]


def parts_of(
    ledger: Ledger, folder: Path, *, gates: DatasetGates | None = None, held_out: Sequence[HeldOut] = ()
) -> DatasetParts:
    """What operations work with."""
    config = DatasetConfig(gates=gates or DatasetGates())
    return DatasetParts(
        ledger=ledger,
        files=Files(ledger=ledger, blobs=open_blobs(str(folder / "blobs-datasets"))),
        keyring=Keyring(folder / "keys", ledger),
        configs=dict.fromkeys(("a", "b", "c"), config),
        actor="tester",
        held_out=lambda conn: held_out,
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Path]]:
    """A ledger on SQLite for a whole module."""
    folder = tmp_path_factory.mktemp("datasets")
    with Ledger.open(f"sqlite:///{folder}/ledger.sqlite") as ledger:
        yield ledger, folder
