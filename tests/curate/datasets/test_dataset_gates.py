"""Gates of a commit: what each refuses, what it names, and that it stays silent where nothing is wrong."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from headrace.curate.datasets import overview, staging
from headrace.curate.datasets.checking import check
from headrace.curate.datasets.commit import commit
from headrace.curate.datasets.config import DatasetGates
from headrace.curate.datasets.gates import contamination
from headrace.curate.datasets.gates.distribution import chance_of, measure
from headrace.curate.datasets.parts import DatasetParts
from headrace.errors import UsageError
from headrace.ledger.ledger import Ledger
from headrace.records.datasets import CommitReport, DatasetCheck, RowInput
from tests.curate.datasets.conftest import parts_of
from tests.curate.datasets.test_dataset_rows import made

WORDS = ["mill", "river", "heron", "sluice", "barge", "ledger", "miller", "flour", "stone", "wheel", "gate"]
WORDS += ["weir", "boat", "bank", "reed"]
_numbers = itertools.count()


class Golden(NamedTuple):
    id: str
    set: str
    text: str
    group: str | None = None


@pytest.fixture(scope="module")
def base(shared: tuple[Ledger, Path]) -> tuple[Ledger, Path]:
    return shared


def rows(number: int, *, seed: int = 0, start: int = 0, **fixed: Any) -> list[RowInput]:
    chance = random.Random(seed)
    return [
        RowInput(
            key=f"k{start + at:04}",
            fields={
                "question": " ".join(chance.choices(WORDS, k=12)),
                "note": None if at % 3 else f"note {at}",
                "score": chance.random(),
                "label": chance.choice(["good", "bad"]),
            }
            | fixed,
        )
        for at in range(number)
    ]


def run(
    base: tuple[Ledger, Path], first: Sequence[RowInput], second: Sequence[RowInput], **options: Any
) -> tuple[CommitReport, DatasetParts, str]:
    """Commit rows, then stage others and commit them too."""
    held_out = options.pop("held_out", ())
    gates = DatasetGates(**options)
    parts = parts_of(*base)
    name = f"g{next(_numbers)}"
    parts = dataclasses.replace(parts, configs={name: dataclasses.replace(parts.config("a"), gates=gates)})
    overview.create(parts, name)
    if first:
        staging.add(parts, name, first)
        assert commit(parts, name, force=True, reason="the first").state == "committed"
    parts = dataclasses.replace(parts, held_out=lambda conn: held_out)
    staging.add(parts, name, second)
    return commit(parts, name), parts, name


def failed(report: CommitReport) -> dict[str, DatasetCheck]:
    return {check.gate: check for check in report.checks if check.verdict in ("fail", "warn")}


def test_more_of_the_same_passes_every_gate(base: tuple[Ledger, Path]) -> None:
    report, _, _ = run(base, rows(400), rows(200, seed=1, start=400))
    assert report.state == "committed"
    assert failed(report) == {}


def test_null_that_became_an_empty_text_is_refused_and_named(base: tuple[Ledger, Path]) -> None:
    first = rows(60)
    through_csv = [
        dataclasses.replace(
            row, fields={**row.fields, "note": row.fields["note"] or "", "score": row.fields["score"]}
        )
        for row in first
    ]
    report, parts, name = run(base, first, through_csv)
    assert report.state == "refused"
    said = failed(report)["empty"]
    assert (said.column, said.rows, said.verdict) == ("note", 40, "fail")
    assert "null became \"\" in the column 'note', in 40 of 40 changed rows" in said.reason
    assert said.keys == ("k0001", "k0002", "k0004", "k0005", "k0007")
    assert overview.report(parts, name).staged == 60
    entry = overview.log(parts, name).entries[0]
    assert (entry.state, entry.version) == ("refused", None)
    with pytest.raises(UsageError, match="reason"):
        commit(parts, name, force=True)
    forced = commit(parts, name, force=True, reason="the form writes empty texts")
    assert (forced.state, forced.forced) == ("committed", "the form writes empty texts")
    assert overview.log(parts, name).entries[0].forced == "the form writes empty texts"


def test_new_rows_that_only_know_the_empty_text_are_noticed(base: tuple[Ledger, Path]) -> None:
    report, _, _ = run(base, rows(60), rows(60, seed=2, start=60, note=""))
    assert failed(report)["empty"].column == "note"
    assert "never null" in failed(report)["empty"].reason


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"score": "0.5"}, "score", "is float in the parent, and text in 60 of 60 rows"),
        ({"score": 1}, "score", "and int in 60 of 60 rows"),
        ({"label": None}, "label", "null or missing in 100% of the rows, 0% in the parent"),
    ],
)
def test_another_schema_is_refused(
    base: tuple[Ledger, Path], change: dict[str, Any], column: str, words: str
) -> None:
    report, _, _ = run(base, rows(60), rows(60, seed=3, start=60, **change))
    said = next(each for each in report.checks if each.gate == "schema" and each.verdict == "fail")
    assert said.column == column
    assert words in said.reason


def test_a_column_that_is_gone_and_one_that_is_new(base: tuple[Ledger, Path]) -> None:
    without = [
        dataclasses.replace(row, fields={k: v for k, v in row.fields.items() if k != "label"} | {"tag": "x"})
        for row in rows(60, seed=4, start=60)
    ]
    report, _, _ = run(base, rows(60), without)
    told = {(each.column, each.verdict) for each in report.checks if each.gate == "schema"}
    assert told == {("label", "fail"), ("tag", "warn")}


def test_a_shift_is_told_with_its_size_and_too_few_rows_are_no_pass(base: tuple[Ledger, Path]) -> None:
    shifted = rows(200, seed=5, start=400, score=7.5)
    report, _, _ = run(base, rows(400), shifted, distribution="refuse")
    said = failed(report)["distribution"]
    assert (report.state, said.column) == ("refused", "score")
    assert "200 values against 400" in said.reason
    few, _, _ = run(base, rows(400), rows(5, seed=6, start=400), distribution="refuse")
    assert [each.verdict for each in few.checks if each.gate == "distribution"] == ["inconclusive"]


def test_the_measure_of_a_shift_is_that_of_scipy() -> None:
    from scipy.stats import chi2_contingency

    old, new = {"a": 50, "b": 30, "c": 20}, {"a": 20, "b": 40, "d": 40}
    shift = measure(old, new, ordered=False)
    names = sorted({*old, *new})
    table = [[counts.get(name, 0) for name in names] for counts in (old, new)]
    assert shift.chance == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert shift.size == pytest.approx(0.5)
    assert measure({"1": 10, "3": 10}, {"3": 20}, ordered=True).size == pytest.approx(0.5)


def test_the_chance_of_a_shift_is_that_of_scipy_whatever_the_number_of_categories() -> None:
    from scipy.special import gammaincc

    for freedom in (1, 2, 3, 10, 99, 1000):
        for total in (1e-9, 0.1, 3.3, 20.0, 900.0, 1e6):
            wanted = float(gammaincc(freedom / 2, total / 2))
            assert chance_of(total, freedom) == pytest.approx(wanted, rel=1e-9, abs=1e-290)
    assert chance_of(0.0, 3) == chance_of(5.0, 0) == 1.0


def test_categories_duplicates_classes_and_depth(base: tuple[Ledger, Path]) -> None:
    first = rows(80)
    same = dataclasses.replace(first[0], key="copy")
    near = dataclasses.replace(
        first[1], key="near", fields={**first[1].fields, "label": "awful", "extra": "one"}
    )
    longer = " ".join(random.Random(9).choices(WORDS, k=120))
    pair = [RowInput(key=f"p{at}", fields={"question": longer + f" {at}"}) for at in range(2)]
    deep = dataclasses.replace(rows(1, seed=8)[0], key="deep", depth=2)
    report, _, _ = run(base, first, [same, near, deep, *pair], label="label", min_class_rows=3, schema="off")
    told = failed(report)
    assert told["duplicates"].keys == ("copy",)
    assert told["near_duplicates"].keys == ("p1",)
    assert '"awful"' in told["categories"].reason
    assert "'awful' 1" in told["classes"].reason
    assert (told["depth"].verdict, told["depth"].keys) == ("fail", ("deep",))


def test_gates_of_documents_judge_rows(base: tuple[Ledger, Path]) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    bad = [
        dataclasses.replace(row, fields={**row.fields, "question": f"my key is {secret}"})
        for row in rows(1, start=300)
    ]
    mail = [
        dataclasses.replace(row, fields={"question": "write to ada@lovelace.example"})
        for row in rows(1, start=301)
    ]
    report, _, _ = run(base, [], [*rows(300), *bad, *mail], checks=("secrets", "personal_data"))
    told = failed(report)
    assert told["secrets"].keys == ("k0300",)
    assert told["personal_data"].keys == ("k0301",)
    assert secret not in told["secrets"].reason


LONG = " ".join(random.Random(1).choices(WORDS, k=40))
SHORT = "what does the miller do with the flour at night"
GOLDEN = [Golden("g1", "faq", LONG), Golden("g2", "faq", SHORT), Golden("g3", "faq", "x y", group="user-9")]


@pytest.mark.parametrize(
    ("text", "group", "ways"),
    [
        (LONG.upper() + "!", None, {"same words", "run of words", "nearly the same"}),
        ("Before it. " + " ".join(LONG.split()[5:18]) + " and behind", None, {"run of words"}),
        (" ".join(LONG.split()[5:17]) + " another end", None, set()),
        ("Tell me: " + SHORT, None, {"run of words", "nearly the same"}),
        ("an innocent question about boats", "user-9", {"group"}),
        ("an innocent question about boats", "user-8", set()),
    ],
)
def test_ways_in_which_a_row_holds_a_case(text: str, group: str | None, ways: set[str]) -> None:
    found = contamination.find(
        made([RowInput(key="k", fields={"messages": [{"content": text}]}, group=group)]), GOLDEN
    )
    assert {hit.way for hit in found} == ways


def test_nearly_the_same_text_is_found_without_a_long_run() -> None:
    words = " ".join(random.Random(2).choices([f"w{n}" for n in range(900)], k=300)).split()
    edited = [("changed" if at % 120 == 7 else word) for at, word in enumerate(words)]
    found = contamination.find(
        made([RowInput(key="k", fields={"a": " ".join(edited)})]), [Golden("g", "s", " ".join(words))]
    )
    assert {hit.way for hit in found} == {"run of words", "nearly the same"}


def test_boilerplate_of_many_cases_and_rows_is_no_contamination() -> None:
    head = "you are a helpful assistant of the mill and you answer in one short sentence only please"
    golden = [
        Golden(
            f"g{n}", "s", f"{head} case{n} about w{n} x{n} y{n} z{n} and so on with more words u{n} v{n} t{n}"
        )
        for n in range(20)
    ]
    clean = [
        RowInput(key="k", fields={"a": f"{head} row{n} speaks of other things altogether r{n} s{n}"})
        for n in range(20)
    ]
    assert contamination.find(made(clean), golden) == []
    assert len({hit.row for hit in contamination.find(made(clean[:5]), golden)}) == 5


def test_a_contaminated_row_is_refused_at_commit_and_in_a_check(base: tuple[Ledger, Path]) -> None:
    bad = RowInput(key="bad", fields={"question": LONG})
    report, parts, name = run(base, rows(60), [bad], held_out=GOLDEN, distribution="off", schema="off")
    told = failed(report)["contamination"]
    assert (report.state, told.keys) == ("refused", ("bad",))
    assert "of faq (same words 1" in told.reason
    assert check(parts, name).state == "refused"
    commit(parts, name, force=True, reason="the case is retired")
    checked = check(parts, name, version="newest")
    assert (checked.state, checked.checks[0].keys) == ("refused", ("bad",))
