"""P6: a run that has spent its budget stops embedding, publishes what is whole, and says how to go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import ConfigError, UsageError
from headrace.infer.embedders.budget import Budget, Spending, parse_budget, shown_money
from headrace.infer.embedders.sentinels import TEXTS
from tests.doors.cli.program import run_program
from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench

PAGES = 9


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


def _bench(root: Path, server: fake.OpenAIServer, budget: str, price: str = "") -> Workbench:
    """Pages of one chunk each, which the estimate holds for 13 tokens and the fake bills as one."""
    bench = Workbench(root)
    models = f"{MODELS.format(url=server.base_url)}{price}\n"
    bench.configure(embedder="fake:tiny", extra=f"{models}[corpus.docs.budget]\n{budget}\n")
    for number in range(PAGES):
        bench.write(f"{number}.md", f"Page number {number} says a word about the herons.")
    return bench


def test_each_run_goes_on_where_the_last_one_stopped(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = _bench(tmp_path, server, "tokens = 54")
    with bench.open() as workspace:
        plan = workspace.plan()
    assert "a sync would stop at the budget of a run, 54 tokens" in plan.withheld_reason
    assert (plan.spend.tokens, plan.spend.budget) == (plan.tokens, "54 tokens")
    first = bench.sync()
    assert (first.documents.added, first.waiting, first.documents.failed) == (4, 5, 0)
    assert "5 documents wait" in first.withheld_reason
    assert "--budget" in first.withheld_reason
    assert len(bench.rows()) == 4
    second = bench.sync()
    assert (second.documents.added, second.waiting) == (4, 1)
    last = bench.sync()
    assert (last.documents.added, last.withheld_reason) == (1, "")
    texts = [text for text in server.texts if text not in TEXTS]
    assert len(texts) == len(set(texts)) == PAGES


def test_a_document_over_the_budget_is_never_half_written(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = _bench(tmp_path, server, "tokens = 40")
    for number in range(PAGES):
        (tmp_path / "docs" / f"{number}.md").unlink()
    long = "\n\n".join(f"Paragraph {number} of a long page on herons and their ways." for number in range(12))
    bench.write("long.md", long)
    waited = 0
    while bench.sync().waiting:
        waited += 1
        assert bench.rows() == []
        assert waited < 20
    assert waited > 1
    assert {row["document"] for row in bench.rows()} == {"docs/long.md"}


def test_money_is_counted_at_the_price_of_the_model(tmp_path: Path, server: fake.OpenAIServer) -> None:
    price = 'price_per_million_input_tokens = 100000.0\ncurrency = "EUR"'
    bench = _bench(tmp_path, server, 'money = "5.4 EUR"', price)
    report = bench.sync()
    assert (report.documents.added, report.waiting) == (4, 5)
    assert (report.spend.tokens, report.spend.cost_micro, report.spend.currency) == (4, 400_000, "EUR")
    assert report.spend.budget == "5.40 EUR"
    assert bench.sync(budget="100 EUR").waiting == 0


def test_the_command_line_says_it_and_ends_with_3(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = _bench(tmp_path, server, "tokens = 54")
    done = run_program("sync", cwd=bench.root)
    assert done.returncode == 3, done.stderr
    assert "5 documents: The budget of a run, 54 tokens, is reached." in " ".join(done.stdout.split())
    assert "of a budget of 54 tokens" in done.stdout
    more = run_program("sync", "--budget", "1_000 tokens", "--json", cwd=bench.root)
    assert more.returncode == 0
    assert json.loads(more.stdout)["documents"]["added"] == 5
    wrong = run_program("sync", "--budget", "a lot", cwd=bench.root)
    assert wrong.returncode == 2
    assert "'2.50 EUR'" in wrong.stderr


@pytest.mark.parametrize(
    ("budget", "price", "said"),
    [
        ('money = "2 EUR"', "", "needs the price"),
        ('money = "2 EUR"', "price_per_million_input_tokens = 0.02", "the price of the embedder in USD"),
        ('money = "two euros"', "", "not an amount"),
        ("tokens = 0", "", "out of range"),
    ],
)
def test_a_budget_that_cannot_be_held_is_refused(
    tmp_path: Path, server: fake.OpenAIServer, budget: str, price: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        _bench(tmp_path, server, budget, price).sync()
    assert not server.requests


@pytest.mark.parametrize(
    ("text", "budget", "shown"),
    [
        ("100000", Budget(tokens=100_000), "100,000 tokens"),
        ("1_000 tokens", Budget(tokens=1000), "1,000 tokens"),
        ("2.50 EUR", Budget(money_micro=2_500_000, currency="EUR"), "2.50 EUR"),
        ("0.000001 USD", Budget(money_micro=1, currency="USD"), "0.000001 USD"),
    ],
)
def test_a_budget_is_read_as_it_is_shown(text: str, budget: Budget, shown: str) -> None:
    assert parse_budget(text) == budget
    assert str(budget) == shown


@pytest.mark.parametrize("text", ["", "EUR", "2.5", "2.50 eur", "-1", "1.0000001 EUR"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a budget"):
        parse_budget(text)


def test_both_limits_count() -> None:
    both = Budget(tokens=100, money_micro=50, currency="EUR")
    spending = Spending(both, price_per_million=1.0, currency="EUR")
    assert spending.admit([20, 20, 20, 20]) == 2
    spending.spend(45)
    assert (spending.admit([5, 1]), spending.tokens, spending.money_micro) == (1, 45, 45)
    other = Spending(price_per_million=0.0, shared=spending)
    other.spend(50)
    assert (spending.admit([5, 1]), spending.tokens, spending.money_micro) == (1, 95, 45)
    assert shown_money(1_234_500_000, "EUR") == "1,234.50 EUR"
