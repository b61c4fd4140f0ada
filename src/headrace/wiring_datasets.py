"""Datasets and models of a workspace: their files, their gates, and the eval cases they are held against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.curate.datasets.eraser import DatasetEraser
    from headrace.curate.datasets.files import Files
    from headrace.curate.datasets.parts import DatasetParts
    from headrace.flows.datasets.model_operations import ModelOperations
    from headrace.flows.datasets.operations import DatasetOperations
    from headrace.wiring import Wiring


def dataset_operations(wiring: Wiring) -> DatasetOperations:
    """What `workspace.datasets` is."""
    from headrace.flows.datasets.operations import DatasetOperations

    return DatasetOperations(parts=dataset_parts(wiring), exports=_exports(wiring))


def model_operations(wiring: Wiring) -> ModelOperations:
    """What `workspace.models` is."""
    from headrace.flows.datasets.model_operations import ModelOperations

    return ModelOperations(parts=dataset_parts(wiring))


def dataset_parts(wiring: Wiring) -> DatasetParts:
    """What operations on datasets work with."""
    from headrace.curate.datasets.parts import DatasetParts
    from headrace.curate.golden.texts import golden_texts
    from headrace.wiring_vault import keyring_of

    return DatasetParts(
        ledger=wiring.ledger,
        files=_files(wiring),
        keyring=keyring_of(wiring),
        configs=wiring.config.datasets,
        actor=wiring.actor,
        held_out=golden_texts,
    )


def dataset_eraser(wiring: Wiring) -> DatasetEraser:
    """Takes what is forgotten out of every version."""
    from headrace.curate.datasets.eraser import DatasetEraser

    return DatasetEraser(wiring.ledger, lambda: _files(wiring), _exports(wiring))


def _files(wiring: Wiring) -> Files:
    from headrace.config.storage import dataset_blobs
    from headrace.curate.datasets.files import Files
    from headrace.ledger.blobs import open_blobs

    return Files(ledger=wiring.ledger, blobs=open_blobs(dataset_blobs(wiring.config.storage.blobs)))


def _exports(wiring: Wiring) -> Path:
    from headrace.config.base import STATE_FOLDER

    return wiring.config.root / STATE_FOLDER / "exports"
