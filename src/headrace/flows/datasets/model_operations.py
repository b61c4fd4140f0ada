"""`workspace.models`: the operations on models, one call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.curate.datasets.parts import DatasetParts
    from headrace.records.datasets import ModelDataReport, ModelList, ModelReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOperations:
    """What can be done with the models that data of this workspace made."""

    parts: DatasetParts

    def list(self) -> ModelList:
        """Every registered model."""
        from headrace.curate.datasets.models import list_models

        return list_models(self.parts)

    def register(
        self,
        name: str,
        *,
        data: Sequence[str] = (),
        hyperparameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        parent: str | None = None,
        external: bool = False,
    ) -> ModelReport:
        """Record what made a model: data (`NAME@VERSION` or an export), numbers, parent.

        The same name again replaces it. Raises NotFoundError, UsageError.
        """
        from headrace.curate.datasets.models import register_model

        return register_model(
            self.parts,
            name,
            data=data,
            hyperparameters=hyperparameters,
            metrics=metrics,
            parent=parent,
            external=external,
        )

    def show(self, name: str) -> ModelReport:
        """One model; with what of its data was forgotten or withdrawn since. Raises NotFoundError."""
        from headrace.curate.datasets.models import show

        return show(self.parts, name)

    def data(self, ref: str) -> ModelDataReport:
        """What made a model, with its parents; or the models that a version or `dataset:NAME` made.

        Raises NotFoundError.
        """
        from headrace.curate.datasets.models import data_of

        return data_of(self.parts, ref)
