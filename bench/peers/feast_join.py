"""Feast's historical join over the files of bench/features.py: `python feast_join.py FOLDER`."""

from __future__ import annotations

import os

os.environ["FEAST_USAGE"] = "False"

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64

FEATURES = [f"f{number}" for number in range(5)]


def main() -> None:
    """Join, time it, and write what came back."""
    folder = Path(sys.argv[1])
    repo = folder / "feast"
    repo.mkdir()
    config = RepoConfig(
        project="bench",
        provider="local",
        registry=str(repo / "registry.db"),
        online_store={"type": "sqlite", "path": str(repo / "online.db")},
        offline_store={"type": "dask"},
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    user = Entity(name="user", join_keys=["user"], value_type=ValueType.INT64)
    source = FileSource(path=str(folder / "tenth.parquet"), timestamp_field="event_timestamp")
    view = FeatureView(
        name="tenth",
        entities=[user],
        ttl=timedelta(days=60),
        schema=[Field(name=name, dtype=Float64) for name in FEATURES],
        source=source,
    )
    store.apply([user, view])
    requests = pd.read_parquet(folder / "peer.parquet")
    names = [f"tenth:{name}" for name in FEATURES]
    started = time.perf_counter()
    found = store.get_historical_features(entity_df=requests, features=names).to_df()
    seconds = time.perf_counter() - started
    found.to_parquet(folder / "feast.parquet")
    print(json.dumps({"seconds": seconds, "rows": len(found)}))


main()
