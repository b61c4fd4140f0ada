"""Exports: only what may go out, in shapes that others read, each file with its hash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from headrace.curate.datasets import overview, staging, versions
from headrace.curate.datasets.commit import commit
from headrace.curate.datasets.exporting import export
from headrace.curate.datasets.identity import row_ids
from headrace.curate.datasets.models import data_of, register_model, show
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.reading import Reading, read_files
from headrace.curate.datasets.splits import split_of
from headrace.curate.datasets.splitting import split
from headrace.curate.datasets.where import where
from headrace.errors import NotFoundError, UsageError
from headrace.infer.prompts.examples import read_examples
from headrace.ledger import consents
from headrace.ledger.ledger import Ledger
from headrace.records.datasets import RowInput
from tests.curate.datasets.conftest import parts_of
from tests.curate.datasets.test_dataset_gates import LONG, Golden

CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
ROWS = [
    RowInput(key="chat", fields={"messages": CHAT}),
    RowInput(key="pair", fields={"prompt": "Q", "completion": "A", "chosen": "A", "rejected": "B", "n": 0.0}),
    RowInput(key="odd", fields={"n": 0, "flag": False, "none": None, "empty": ""}, depth=1),
    RowInput(key="ada", fields={"question": "Ada asks", "answer": "so"}, subject="ada"),
    RowInput(key="bo", fields={"question": "Bo asks", "answer": "so"}, subject="bo"),
    RowInput(key="case", fields={"question": LONG, "answer": "so"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def parts(shared: tuple[Ledger, Path]) -> DatasetParts:
    made = parts_of(*shared)
    overview.create(made, "a", description="Rows of a mill", shares={"train": 0.5, "test": 0.5})
    staging.add(made, "a", ROWS)
    assert commit(made, "a").state == "committed"
    yes = made.keyring.subject("bo")
    made.ledger.write(lambda tx: consents.decide(tx, yes, {"training": True}, actor="test"))
    return dataclasses.replace(made, held_out=lambda conn: [Golden("g", "faq", LONG)])


def lines(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()
    ]


def test_training_goes_out_only_with_consent_and_without_eval_cases(
    parts: DatasetParts, tmp_path: Path
) -> None:
    report = export(parts, "a", tmp_path / "sft", format="sft", purpose="training")
    assert report.withheld == {"consent": 1, "contaminated": 1, "not in this shape": 1}
    asked = sorted(line["messages"][0]["content"] for line in lines(tmp_path / "sft"))
    assert asked == ["Bo asks", "Hi", "Q"]
    manifest = json.loads((tmp_path / "sft" / "manifest.json").read_text())
    assert manifest["version"] == report.version
    assert manifest["rows"] == 3
    for file in manifest["files"]:
        data = (tmp_path / "sft" / file["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert export(parts, "a", tmp_path / "eval", format="sft", purpose="eval").rows == 5


def test_consent_counts_as_of_now_whatever_the_version(parts: DatasetParts, tmp_path: Path) -> None:
    bo = parts.keyring.subject("bo")
    parts.ledger.write(lambda tx: consents.decide(tx, bo, {"training": False}, actor="test", reason="asked"))
    assert export(parts, "a", tmp_path / "x", format="sft", purpose="training").withheld["consent"] == 2
    register_model(parts, "m0", data=["a@1"])
    assert show(parts, "m0").withdrawn_rows == 2
    parts.ledger.write(lambda tx: consents.decide(tx, bo, {"training": True}, actor="test"))
    assert show(parts, "m0").withdrawn_rows == 1


def test_preferences_in_both_formats(parts: DatasetParts, tmp_path: Path) -> None:
    export(parts, "a", tmp_path / "dpo", format="dpo", purpose="training")
    (line,) = lines(tmp_path / "dpo")
    assert line == {
        "prompt": [{"role": "user", "content": "Q"}],
        "chosen": [{"role": "assistant", "content": "A"}],
        "rejected": [{"role": "assistant", "content": "B"}],
    }
    export(parts, "a", tmp_path / "openai", format="openai-dpo", purpose="training")
    (line,) = lines(tmp_path / "openai")
    assert line["input"]["messages"] == [{"role": "user", "content": "Q"}]
    assert line["preferred_output"][0]["content"] == "A"


def test_few_shot_sets_are_what_prompts_read(parts: DatasetParts, tmp_path: Path) -> None:
    report = export(parts, "a", tmp_path / "few_shot", format="few-shot", purpose="training", split=["train"])
    read = read_examples(tmp_path, "a")
    assert len(read.few_shot.rows) == report.rows > 0
    told = json.loads((tmp_path / "few_shot" / "a.manifest.json").read_text())
    assert told["version"] == report.version
    with pytest.raises(UsageError, match="overwrites nothing"):
        export(parts, "a", tmp_path / "few_shot", format="few-shot", purpose="training")


@pytest.mark.parametrize("form", ["rows", "parquet", "huggingface"])
def test_what_is_exported_can_be_imported_as_the_same_version(
    parts: DatasetParts, tmp_path: Path, form: str
) -> None:
    export(parts, "a", tmp_path / form, format=form, purpose="eval")
    name = f"again-{form}"
    overview.create(parts, name, shares={"train": 0.5, "test": 0.5}, salt="a")
    read = [rows for _, rows in read_files([tmp_path / form], Reading())]
    for rows in read:
        staging.add_rows(parts, name, rows)
    report = commit(parts, name, force=True, reason="holds the case")
    assert report.version == versions.find(parts, "a").id
    assert sum(len(row_ids(rows)) for rows in read) == 6


def test_croissant_is_checked_and_stays_in_its_folder(parts: DatasetParts, tmp_path: Path) -> None:
    export(parts, "a", tmp_path / "x", format="parquet", purpose="eval")
    told = json.loads((tmp_path / "x" / "croissant.json").read_text())
    assert told["conformsTo"].endswith("croissant/1.1")
    kinds = {field["name"]: field["dataType"] for field in told["recordSet"][0]["field"]}
    assert (kinds["answer"], kinds["flag"]) == ("sc:Text", "sc:Boolean")
    file = tmp_path / "x" / told["distribution"][0]["contentUrl"]
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(UsageError, match="SHA-256"):
        list(read_files([tmp_path / "x"], Reading()))
    told["distribution"][0]["contentUrl"] = "../x.parquet"
    (tmp_path / "x" / "croissant.json").write_text(json.dumps(told))
    with pytest.raises(UsageError, match="not in the folder"):
        list(read_files([tmp_path / "x"], Reading()))


def test_splits_follow_the_group_and_stay(parts: DatasetParts) -> None:
    shares = {"train": 0.8, "dev": 0.1, "test": 0.1}
    falls = [split_of(f"user-{n}", salt="s", shares=shares) for n in range(4000)]
    assert 0.77 < falls.count("train") / 4000 < 0.83
    wider = {"train": 0.9, "dev": 0.05, "test": 0.05}
    assert all(
        split_of(f"user-{n}", salt="s", shares=wider) == "train" for n in range(4000) if falls[n] == "train"
    )
    report = split(parts, "a")
    assert sum(report.rows.values()) == 6
    assert not report.leaks
    overview.create(parts, "leaky", shares={"train": 0.5, "test": 0.5})
    text = "a question of more than five words"
    staging.add(parts, "leaky", [RowInput(key=f"k{n}", fields={"q": text, "n": n}) for n in range(9)])
    commit(parts, "leaky")
    (leak,) = split(parts, "leaky").leaks
    assert leak.rows == 9
    assert "test and train" in leak.reason
    with pytest.raises(UsageError, match="add up to 1"):
        split(parts, "leaky", shares={"train": 0.7})


def test_where_a_row_is_and_what_it_made(parts: DatasetParts, tmp_path: Path) -> None:
    made = export(parts, "a", tmp_path / "w", format="rows", purpose="training")
    register_model(parts, "base", external=True)
    register_model(
        parts, "m1", data=[made.export], parent="base", hyperparameters={"epochs": 3}, metrics={"f1": 0.9}
    )
    register_model(parts, "m2", data=[], parent="m1")
    told = where(parts, "subject:bo").found[0]
    assert (told.dataset, told.key) == ("a", "bo")
    assert told.consent == {"eval": True, "training": True}
    assert made.export in [item.export for item in told.exports]
    assert {"m1", "m2"} <= set(told.models)
    assert told.row is not None
    assert where(parts, str(told.row.row)).found[0].key == "bo"
    assert [item.model for item in data_of(parts, "m2").models] == ["m2", "m1", "base"]
    assert {"m1", "m2"} <= {item.model for item in data_of(parts, "dataset:a").models}
    assert show(parts, "m1").data[0].version == made.version
    with pytest.raises(NotFoundError):
        where(parts, "nobody")
    with pytest.raises(UsageError, match="trained on"):
        register_model(parts, "m3")
