"""Writes the word lists of the name recogniser: `python scripts/build_names.py`, with Faker installed.

Faker (MIT licence) holds lists of given names, family names, common words and places for some ninety locales.
What is in Latin script goes, in small letters without accents, to src/headrace/privacy/names_data/.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from headrace.privacy.names import key

TARGET = Path(__file__).resolve().parent.parent / "src" / "headrace" / "privacy" / "names_data"
_NAME = re.compile(r"[^\W\d_][\w'’-]+")
_CITY_LOCALES = (
    "en_US",
    "en_GB",
    "en_AU",
    "en_CA",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "nl_NL",
    "pt_BR",
    "pl_PL",
)
_WORD_LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL")


def main() -> None:
    """Write the three lists."""
    common = {key(word) for locale in _WORD_LOCALES for word in _values("lorem", locale, ("word_list",))}
    countries = _parts(_values("address", "en_US", ("countries", "states")))
    cities = _parts(
        name for locale in _CITY_LOCALES for name in _values("address", locale, ("cities", "city_names"))
    )
    first = _names(("first_name", "first_"))
    _write("first", first)
    _write("last", _names(("last_name", "last_")))
    _write("words", common | countries | (cities - first))


def _names(prefixes: tuple[str, ...]) -> set[str]:
    return {
        key(name)
        for locale in _locales("person")
        for name in _values("person", locale, prefixes)
        if _NAME.fullmatch(name) and key(name).isascii() and not name.isupper()
    }


def _parts(names: Iterable[str]) -> set[str]:
    return {key(part) for name in names for part in name.split() if len(part) > 3}


def _locales(provider: str) -> list[str]:
    package = importlib.import_module(f"faker.providers.{provider}")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def _values(provider: str, locale: str, prefixes: tuple[str, ...]) -> Iterator[str]:
    module = importlib.import_module(f"faker.providers.{provider}.{locale}")
    for name in dir(module.Provider):
        values = getattr(module.Provider, name)
        if name.startswith(prefixes) and isinstance(values, list | tuple | dict):
            yield from (value for value in values if isinstance(value, str))


def _write(name: str, words: Iterable[str]) -> None:
    TARGET.mkdir(exist_ok=True)
    kept = sorted(word for word in words if len(word) > 1)
    (TARGET / f"{name}.txt").write_text("\n".join(kept) + "\n", encoding="ascii", errors="ignore")
    print(f"{name}: {len(kept)}")


if __name__ == "__main__":
    main()
