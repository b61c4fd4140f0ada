"""Checks that confirm a shape: checksums, numbering plans. Heavy ones load at first use."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_IBAN_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN_LENGTHS = {
    country: length for length, countries in _IBAN_COUNTRIES.items() for country in countries.split()
}
# Issuers by their first digits, with the lengths of their numbers.
_CARDS = (
    (re.compile(r"4"), {13, 16, 19}),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), {16}),
    (re.compile(r"3[47]"), {15}),
    (re.compile(r"30[0-5]|3095|36|3[89]"), {14, 16, 17, 18, 19}),
    (re.compile(r"6011|64[4-9]|65|622"), {16, 17, 18, 19}),
    (re.compile(r"352[89]|35[3-8]"), {16, 17, 18, 19}),
    (re.compile(r"5018|5020|5038|58|6304|67|62"), {13, 14, 15, 16, 17, 18, 19}),
    (re.compile(r"2131|1800"), {15}),
)


def luhn(digits: str) -> bool:
    """Whether a number ends in its Luhn check digit."""
    total = sum(int(digit) for digit in digits[-1::-2]) + sum(_DOUBLED[int(d)] for d in digits[-2::-2])
    return total % 10 == 0


def card(digits: str) -> bool:
    """Whether an issuer gives out numbers of this prefix and length, and the check digit holds."""
    issued = any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _CARDS)
    return issued and len(set(digits)) > 1 and luhn(digits)


def iban_length(country: str) -> int | None:
    """How long the IBANs of a country are, None where it has none."""
    return _IBAN_LENGTHS.get(country)


def iban(code: str) -> bool:
    """Whether an IBAN without spaces has its country's length and its checksum."""
    if len(code) != _IBAN_LENGTHS.get(code[:2]) or not (code.isascii() and code.isalnum()):
        return False
    return int("".join(str(int(character, 36)) for character in code[4:] + code[:4])) % 97 == 1


def by_stdnum(module: str) -> Callable[[str], bool]:
    """The check of a module of python-stdnum, such as `us.ssn`."""

    @lru_cache(maxsize=4096)
    def check(number: str) -> bool:
        return bool(import_module(f"stdnum.{module}").is_valid(number))

    return check


@lru_cache(maxsize=8192)
def phone(shown: str, countries: Sequence[str]) -> bool:
    """Whether a number exists in the numbering plan it names, or in one of these countries (ISO codes)."""
    import phonenumbers

    for country in countries if not shown.startswith("+") else (None,):
        try:
            number = phonenumbers.parse(shown, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    return False


us_ssn = by_stdnum("us.ssn")
us_itin = by_stdnum("us.itin")
us_routing = by_stdnum("us.rtn")
uk_nhs = by_stdnum("gb.nhs")
de_tax_id = by_stdnum("de.idnr")
fr_nir = by_stdnum("fr.nir")
es_nif = by_stdnum("es.dni")
es_nie = by_stdnum("es.nie")
it_fiscal_code = by_stdnum("it.codicefiscale")
nl_bsn = by_stdnum("nl.bsn")
pl_pesel = by_stdnum("pl.pesel")
se_personnummer = by_stdnum("se.personnummer")
fi_hetu = by_stdnum("fi.hetu")
in_aadhaar = by_stdnum("in_.aadhaar")
in_pan = by_stdnum("in_.pan")
au_tfn = by_stdnum("au.tfn")
au_abn = by_stdnum("au.abn")
bitcoin = by_stdnum("bitcoin")
