"""The corpus of the ingest benchmark: Markdown files of four sections each, and the edits made to it.

Everything is a function of the number of files and a seed, so every system and every run sees the
same bytes. Each edit picks its files among those that are there, and returns how many it touched.
"""

from __future__ import annotations

import argparse
import random
import shutil
from pathlib import Path
from typing import Literal

SECTIONS_PER_FILE = 4
FOLDERS = 100
SECTION_WORDS = (80, 120)
EDIT_FRACTION = 0.01

Edit = Literal["edit", "rename", "delete", "empty"]

_TEXT = """
time year people way day thing world life hand part child eye woman place work week case point company
number group problem fact water room money story month lot right study book word business issue side kind
head house service friend father power hour game line end member law car city community name president
team minute idea body information back parent face level office door health person art war history party
result change morning reason research girl guy moment air teacher force order report answer question index
source chunk record table query search model price market system program government school state family
student country night area home job paper plan test page letter river road bridge mountain field garden
window wall floor chair kitchen bread milk sugar coffee tea lunch dinner music film camera phone computer
network server cable engine train station airport ship boat island ocean wind rain snow storm winter
summer spring autumn north south east west open close read write send receive build break carry choose
draw drive eat fall feel find fly forget give grow hear hide hold keep know lead learn leave lend let lose
make mean meet pay put ride ring rise run say see sell set shake shine show shut sing sit sleep speak
spend stand steal swim take teach tell think throw understand wake wear win good new first last long great
little own other old big high different small large next early young important few public bad same able
clear full special easy strong certain local recent whole simple past major personal current national
natural physical short common single quick slow heavy light dark warm cold bright deep wide quiet loud
fresh sharp soft hard
"""
_WORDS = tuple(_TEXT.split())
"""Common words, about one token each, so that four sections of like length make four chunks of like size."""


def make(folder: Path, *, files: int = 10_000, seed: int = 1) -> int:
    """Write `files` documents under `folder`, spread over up to 100 subfolders; returns their number."""
    chance = random.Random(seed)
    for number in range(files):
        subfolder = folder / f"{number % FOLDERS:02d}"
        if number < FOLDERS:
            subfolder.mkdir(parents=True, exist_ok=True)
        sections = [_section(position, number, chance) for position in range(SECTIONS_PER_FILE)]
        (subfolder / f"doc{number:05d}.md").write_text("".join(sections), encoding="utf-8")
    return files


def documents(folder: Path) -> list[Path]:
    """Every document under `folder`, in a stable order."""
    return sorted(folder.glob("*/*.md"))


def apply(edit: Edit, folder: Path) -> int:
    """Make one of the edits by name; returns how many files it touched."""
    return {"edit": edit_one_chunk, "rename": rename, "delete": delete, "empty": empty}[edit](folder)


def edit_one_chunk(folder: Path, *, fraction: float = EDIT_FRACTION, seed: int = 11) -> int:
    """Rewrite one of the four sections in a fraction of the files."""
    chance = random.Random(seed)
    chosen = _sample(folder, fraction, chance)
    for path in chosen:
        sections = path.read_text(encoding="utf-8").split("## ")[1:]
        position = chance.randrange(len(sections))
        heading, _, body = sections[position].partition("\n\n")
        revised = body.split()[::-1]
        sections[position] = f"{heading}\n\nRevised: {' '.join(revised)}\n\n"
        path.write_text("".join(f"## {section}" for section in sections), encoding="utf-8")
    return len(chosen)


def rename(folder: Path, *, fraction: float = EDIT_FRACTION, seed: int = 12) -> int:
    """Give a fraction of the files another name in the same subfolder, content untouched."""
    chosen = _sample(folder, fraction, random.Random(seed))
    for path in chosen:
        path.rename(path.with_name(f"moved-{path.name}"))
    return len(chosen)


def delete(folder: Path, *, fraction: float = EDIT_FRACTION, seed: int = 13) -> int:
    """Remove a fraction of the files."""
    chosen = _sample(folder, fraction, random.Random(seed))
    for path in chosen:
        path.unlink()
    return len(chosen)


def empty(folder: Path) -> int:
    """Remove every file and keep the folder: what an unmounted or misconfigured source looks like."""
    removed = len(documents(folder))
    for child in folder.iterdir():
        shutil.rmtree(child) if child.is_dir() else child.unlink()
    return removed


def _section(position: int, number: int, chance: random.Random) -> str:
    title = " ".join(chance.choices(_WORDS, k=3)).capitalize()
    body = " ".join(chance.choices(_WORDS, k=chance.randint(*SECTION_WORDS)))
    return f"## {title} {number}-{position}\n\n{body.capitalize()}.\n\n"


def _sample(folder: Path, fraction: float, chance: random.Random) -> list[Path]:
    present = documents(folder)
    return chance.sample(present, max(1, round(len(present) * fraction))) if present else []


def main() -> None:
    """Make a corpus, or apply one edit to it, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--apply", choices=("edit", "rename", "delete", "empty"))
    arguments = parser.parse_args()
    if arguments.apply:
        print(apply(arguments.apply, arguments.folder))
    else:
        print(make(arguments.folder, files=arguments.files, seed=arguments.seed))


if __name__ == "__main__":
    main()
