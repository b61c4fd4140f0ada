"""How fast personal data is found: MB/s on one core, on prose with one finding in 500 characters.

`python bench/privacy.py [--megabytes 4] [--json FILE]`. With HEADRACE_PEERS_PYTHON naming a Python that has
`presidio-analyzer`, its pattern recognisers scan the first 200 kB of the same texts beside it. Values differ
from finding to finding, so that no cache of a validator helps. Processor time of this process counts, the
median of five rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.records.privacy import Finding

Scan = Callable[[Sequence[str]], Sequence[Sequence[Finding]]]
"""From texts to the findings of each."""
TARGET = 15.0
GAP = 500
TEXT_CHARACTERS = 2_000
ROUNDS = 5
PEER_CHARACTERS = 200_000
PEER = Path(__file__).resolve().parent / "peers" / "presidio_patterns.py"
_OWN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
_SYLLABLES = re.findall("..", "anbecordenelgrahijokalomennorpaquirasoltenunverwoxi")
_SMALL = re.findall(
    r"\w+", "the of and to in a is that for it as was with be by on not he his but at are this"
)


def words(rng: random.Random) -> Iterator[str]:
    """Prose: small words, made-up words, a capital after each stop, now and then a number."""
    made = ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(4_000)]
    begins = True
    while True:
        draw = rng.random()
        word = (
            rng.choice(_SMALL)
            if draw < 0.45
            else rng.choice(made)
            if draw < 0.99
            else str(rng.randint(1, 3000))
        )
        ends = rng.random() < 0.06
        yield (word.capitalize() if begins else word) + ("." if ends else "")
        begins = ends


def luhn(prefix: str) -> str:
    """The digits with their check digit."""
    total = sum(sum(divmod(int(d) * (2 if at % 2 == 0 else 1), 10)) for at, d in enumerate(reversed(prefix)))
    return prefix + str(-total % 10)


def iban(rng: random.Random) -> str:
    """A German account with its checksum."""
    account = f"{rng.randrange(10**18):018d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def finding(rng: random.Random) -> str:
    """One piece of personal data."""
    n = rng.randint
    made: Sequence[Callable[[], str]] = (
        lambda: f"{rng.choice(_SYLLABLES)}.{rng.choice(_SYLLABLES)}{n(1, 9999)}@example.com",
        lambda: luhn(f"4{n(0, 10**14 - 1):014d}"),
        iban_of(rng),
        lambda: f"+1 415 {n(200, 999)} {n(0, 9999):04d}",
        lambda: f"{n(100, 665)}-{n(10, 99)}-{n(1000, 9999)}",
        lambda: f"10.{n(0, 255)}.{n(0, 255)}.{n(1, 254)}",
        lambda: f"born on {n(1, 28)} March {n(1940, 2005)}",
        lambda: f"{n(1, 999)} {rng.choice(_SYLLABLES).capitalize()}ton Street",
        lambda: f"password: {rng.choice(_SYLLABLES)}{n(1000, 9999)}!",
    )
    return rng.choice(made)()


def iban_of(rng: random.Random) -> Callable[[], str]:
    """Makes accounts."""
    return lambda: iban(rng)


def texts(characters: int, seed: int = 7) -> list[str]:
    """Texts of about TEXT_CHARACTERS each."""
    rng = random.Random(seed)
    source = words(rng)
    made, current, length, until = [], [], 0, GAP
    total = 0
    while total < characters:
        piece = finding(rng) if length >= until else next(source)
        until += GAP if length >= until else 0
        current.append(piece)
        length += len(piece) + 1
        if length >= TEXT_CHARACTERS:
            made.append(" ".join(current))
            total += length
            current, length, until = [], 0, GAP
    return made


def speed(scan: Scan, given: Sequence[str]) -> tuple[float, int]:
    """MB/s of processor time, and how much was found: the median of ROUNDS."""
    scan(texts(40 * TEXT_CHARACTERS, seed=1))  # libraries of the validators load at their first use
    size = sum(len(text.encode()) for text in given)
    rates, found = [], 0
    for _ in range(ROUNDS):
        start = time.process_time()
        found = sum(map(len, scan(given)))
        rates.append(size / 1e6 / (time.process_time() - start))
    return statistics.median(rates), found


def one_by_one(engine: Engine) -> Scan:
    """Scans texts one at a time, as a call is."""
    return lambda given: [engine.scan(text) for text in given]


def peer(python: str, given: Sequence[str]) -> tuple[float, int]:
    """The same for Presidio."""
    few, size = [], 0
    for text in given:
        few.append(text)
        size += len(text.encode())
        if size >= PEER_CHARACTERS:
            break
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write("\n".join(map(json.dumps, few)))
        file.flush()
        done = subprocess.run(
            [python, str(PEER), file.name], capture_output=True, text=True, check=True, env=_OWN
        )
    result = json.loads(done.stdout.splitlines()[-1])
    return size / 1e6 / result["seconds"], result["findings"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=4.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers-python", default=os.environ.get("HEADRACE_PEERS_PYTHON"))
    options = parser.parse_args()
    size = int(options.megabytes * 1e6)
    given = texts(size)
    patterns = Engine(PrivacyConfig(names=False))
    rows = {
        "patterns": speed(patterns.scan_many, given),
        "patterns, one at a time": speed(one_by_one(patterns), given),
        "patterns, one long line": speed(one_by_one(patterns), [" ".join(texts(size, seed=8))]),
        "patterns and names": speed(Engine().scan_many, texts(size, seed=9)),
    }
    if options.peers_python:
        rows["Presidio patterns"] = peer(options.peers_python, given)
    print(f"{len(given)} texts, {sum(map(len, given)) / 1e6:.1f} MB; target {TARGET:g} MB/s for patterns")
    for name, (rate, found) in rows.items():
        print(f"{name:<24}{rate:>8.2f} MB/s{found:>9} findings")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
