"""What the vault costs: hiding and restoring a message of 4 KB, CPU of one process, medians.

    python bench/vault.py [--rounds 200]

`scan` is the engine alone, twice over the text as the vault does it; `new` a session that holds nothing yet,
`known` one that holds the values already, `settled` also waits until tokens and audit are durable.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from headrace.infer.gateway.base import CallRequest
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.ledger import Ledger
from headrace.privacy.engine import Engine
from headrace.privacy.vault.vault import Vault

BYTES = 4096
PROSE = "We had a call with the team on the new pricing and agreed to ship it next week, after the review. "
FINDINGS = (
    "Contact John Doe at john.doe@example.com. ",
    "Call Maria Garcia, +1 212-555-0187. ",
    "IBAN DE89370400440532013000 of Peter Schmidt. ",
)
"""Seven findings: about one for each 600 characters."""


def message() -> str:
    """4,096 bytes of prose with the findings spread over it."""
    room = BYTES - sum(map(len, FINDINGS))
    prose = (PROSE * (room // len(PROSE) + 1))[:room]
    part = room // (len(FINDINGS) + 1)
    pieces = [prose[at * part : (at + 1) * part] + found for at, found in enumerate(FINDINGS)]
    return "".join(pieces) + prose[len(FINDINGS) * part :]


def median_ms(work: Callable[[int], object], rounds: int) -> float:
    """Median CPU milliseconds of the process, all its threads."""
    took = []
    for number in range(rounds):
        before = time.process_time()
        work(number)
        took.append((time.process_time() - before) * 1000)
    return statistics.median(took)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    text, engine = message(), Engine()
    with tempfile.TemporaryDirectory() as folder, Ledger.open(f"sqlite:///{folder}/ledger.sqlite") as ledger:
        keyring = Keyring(Path(folder) / "keys", ledger)
        vault = Vault(ledger, keyring, lambda: engine, ttl_us=86_400_000_000, actor="bench")

        def call(session: str, *, settled: bool = False) -> None:
            shield = vault.shield(CallRequest(messages=[], model="m", vault="on", session=session))
            hidden = shield.hide(text)
            assert shield.show(hidden) == text != hidden
            if settled:
                shield.settle().result()

        call("known", settled=True)
        rows = {
            "scan": median_ms(lambda _: (engine.scan(text), engine.scan(text)), rounds),
            "new": median_ms(lambda number: call(f"new {number}"), rounds),
            "known": median_ms(lambda _: call("known"), rounds),
            "settled": median_ms(lambda number: call(f"settled {number}", settled=True), rounds),
        }
    print(f"{len(text.encode())} bytes, {len(engine.scan(text))} findings, median of {rounds}, target 2 ms")
    for name, took in rows.items():
        print(f"  {name:<8} {took:6.2f} ms CPU")


if __name__ == "__main__":
    main()
