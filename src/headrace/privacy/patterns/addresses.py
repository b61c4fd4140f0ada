"""Postal addresses, by how the countries write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headrace.privacy.patterns.base import Family
from headrace.records.privacy import Finding

_BEHIND, _AHEAD = 64, 200
_WORD = r"[A-ZÀ-ÖØ-Þ][\w.'’-]{0,24}"
_NAME = rf"{_WORD}(?: (?:of|the|de|la|le|du|des|der|den|d'|del|della|di|van|y|{_WORD})){{0,3}}"
_GAP = r"(?:,? ?\n ?|, ?| )"
_UK_CODE = r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}"
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|"
    "V[AIT]|W[AIVY]|A[AEP]|ON|QC|BC|AB|MB|SK|NS|NB|NL|NT|NU|YT|PE|NSW|VIC|QLD|TAS|ACT|SA"
)
_US_CODE = rf"(?:{_STATES}),? [0-9]{{5}}(?:-[0-9]{{4}})?"
_CA_CODE = rf"(?:(?:{_STATES}),? )?[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"
_AU_CODE = rf"(?:{_STATES}),? [0-9]{{4}}"
_CODE = rf"(?:{_US_CODE}|{_CA_CODE}|{_UK_CODE}|{_AU_CODE})(?!\w)"
_CITY = rf"{_GAP}{_WORD}(?:[ -]{_WORD}){{0,2}}"
_UNIT = r"(?:,? ?\n?(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|#)\.? ?#?[\w-]{1,8})?"
_TAIL = rf"{_UNIT}(?:(?:{_CITY}){{1,3}}?{_GAP}{_CODE})?"
_STREETS = (
    r"Street|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|"
    r"Way|Parkway|Pkwy|Highway|Hwy|Close|Crescent|Cres|Gardens|Gdns|Grove|Row|Mews|Circle|Cir|Trail|Trl|Loop|"
    r"Alley|Walk|Hill|Broadway|Plaza|Turnpike|Pike|Esplanade|Parade|Quay|Rise|Heights|Crossing|Expressway"
)
_END = r"(?!\w)"
_NUMBER = r"[0-9]{1,5}(?:[A-Za-z]|[-/][0-9]{1,4})?"
_TOWN = rf"{_WORD}(?:[ -]{_WORD}){{0,3}}(?: \([A-Z]{{2}}\))?"
_PLACED = (
    rf"(?:{_GAP}(?:(?:[A-Z]{{1,2}}-)?[0-9]{{4,5}}|[0-9]{{4}} ?[A-Z]{{2}}|[0-9]{{4}}-[0-9]{{3}}"
    rf"|[0-9]{{2}}-[0-9]{{3}}){_GAP}{_TOWN}|{_GAP}{_TOWN}, [0-9]{{5}}(?!\w))?"
)
"""Code and town as they follow the street on the continent."""

_ENGLISH = re.compile(
    rf"(?<![\w.-]){_NUMBER},? (?:[NSEW]{{1,2}}\.? )?(?:{_WORD} |[0-9]{{1,3}}(?:st|nd|rd|th) ){{1,4}}?"
    rf"(?:{_STREETS}){_END}\.?(?: (?:[NSEW]{{1,2}}|North|South|East|West){_END})?{_TAIL}"
)
_CODED = re.compile(
    rf"(?<![\w.-]){_NUMBER},?(?:{_GAP}{_WORD}){{1,4}}?{_UNIT}(?:{_CITY}){{1,3}}?{_GAP}{_CODE}"
)
_BOX = re.compile(rf"(?<!\w)P\.? ?O\.? ?Box [0-9]{{1,7}}{_TAIL}")
_PLACE = re.compile(rf"(?<!\w){_WORD}(?: {_WORD}){{0,2}}, (?:{_US_CODE}|{_CA_CODE})(?!\w)")
_POSTCODE = re.compile(rf"(?<!\w){_UK_CODE}(?!\w)")
_GERMANIC = (
    r"stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|ring|straat|laan|plein|gracht|kade|singel|dreef|steeg|"
    r"dijk|hof|gatan|vägen|gränd|stigen|torget"
)
_GERMAN = re.compile(
    rf"(?<!\w)(?:[A-ZÄÖÜÅ][\w-]{{1,28}}(?:{_GERMANIC})"
    rf"|(?:{_WORD}[ -]){{1,3}}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Damm|Ufer|Ring))"
    rf" {_NUMBER}{_END}{_PLACED}"
)
_HOUSE = re.compile("[e.gzmrtnlfkd] [0-9]")
"""Where a street of `_GERMAN` ends and its number begins; without one there is no such address."""
_RUE = (
    r"(?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Pp]lace|[Cc]hemin|[Ii]mpasse|[Aa]llée|[Qq]uai|[Rr]oute|[Cc]ours"
    r"|[Ss]quare|[Pp]assage) "
)
_FRENCH = re.compile(
    rf"(?<![\w.-]){_NUMBER}(?: ?(?:bis|ter))?,? {_RUE}(?:de la |de l'|du |des |de |d'|l')?{_NAME}{_PLACED}"
)
_VIA = (
    r"(?:Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Camino|Carrera|Pasaje|Glorieta|Ronda|Rambla|Cuesta|Urbanización|Via|"
    r"Viale|Piazza|Corso|Largo|Vicolo|Borgo|Strada|Contrada|Rua|Praça|Alameda|Travessa|Ulica|ul\.|al\.) ?"
)
_SOUTHERN = re.compile(
    rf"(?<!\w){_VIA}(?:de la |de los |del |de |della |dei |do |da )?{_NAME},? (?:n[.º°]? ?)?{_NUMBER}{_END}"
    rf"(?: (?:Piso|Piano|Puerta|Apt\.|Appartamento) ?\w{{1,4}})?(?: ?,? ?\w{{1,3}}º ?\w?)? ?{_PLACED}"
)
_COUNTRIES = {
    "english": ("US", "CA", "GB", "IE", "AU", "NZ", "IN"),
    "coded": ("US", "CA", "GB", "AU"),
    "box": ("US", "CA", "GB", "IE", "AU", "NZ"),
    "place": ("US", "CA"),
    "postcode": ("GB",),
    "germanic": ("DE", "AT", "CH", "NL", "BE", "SE"),
    "french": ("FR", "BE", "CH", "CA"),
    "southern": ("ES", "IT", "PT", "BR", "PL"),
}
_SCORES = {"place": 0.7, "postcode": 0.6}
_STREET_SCORE = 0.92
"""Above that of a name, since many streets are named after people."""
_NUMBER_CHARACTERS = frozenset("0123456789-/")


def addresses(countries: Sequence[str]) -> Family:
    """The family for the forms of these countries (ISO codes)."""
    forms = {name for name, of in _COUNTRIES.items() if set(of) & set(countries)}

    def find(text: str, start: int, end: int) -> Iterator[Finding]:
        for name, found in _candidates(text, start, end):
            if found is not None and name in forms:
                yield Finding(
                    type="STREET_ADDRESS",
                    start=found.start(),
                    end=found.end(),
                    score=_SCORES.get(name, _STREET_SCORE),
                    validator=f"{name} form",
                )

    return Family(types=frozenset({"STREET_ADDRESS"}), trigger=_TRIGGER, find=find)


def _candidates(text: str, start: int, end: int) -> Iterator[tuple[str, re.Match[str] | None]]:
    """The forms that what the trigger hit can belong to."""
    low, high = max(0, start - _BEHIND), min(len(text), end + _AHEAD)
    first = text[start]
    if first.isdigit():
        begin = start
        while begin > low and text[begin - 1] in _NUMBER_CHARACTERS:
            begin -= 1
        yield "english", _ENGLISH.match(text, begin, high)
        yield "coded", _CODED.match(text, begin, high)
        yield "french", _FRENCH.match(text, begin, high)
        if _HOUSE.search(text, low, high) is not None:
            yield "germanic", _last(_GERMAN, text, low, start, high)
    elif first == ",":
        yield "place", _last(_PLACE, text, low, start, high)
    elif text[start:end].lower().replace(".", "").startswith("o"):
        yield "box", _last(_BOX, text, max(0, start - 4), start, high)
    else:
        if first.isupper():
            yield "southern", _SOUTHERN.match(text, start, high)
            yield "postcode", _POSTCODE.search(text, max(0, start - 1), end)
        yield "germanic", _last(_GERMAN, text, low, start, high)


def _last(form: re.Pattern[str], text: str, low: int, start: int, high: int) -> re.Match[str] | None:
    """The match of a form that reaches over a place."""
    return next(
        (found for found in form.finditer(text, low, high) if found.end() > start >= found.start()), None
    )


_TRIGGER = (
    r"[0-9][A-Za-z]?,?[ \n](?:[NSEW]{1,2}\.? )?(?:[A-ZÀ-Þ][A-Za-zà-ÿ]|[0-9]{1,3}(?:st|nd|rd|th) )"
    rf"|(?:{_GERMANIC}|Str\.|Weg|Platz|Allee|Gasse|Damm|Ufer|Ring) [0-9]"
    rf"|[0-9],? {_RUE}|\b{_VIA}[A-ZÁÉÍÓÚd]"
    r"|[Oo]\.? ?Box [0-9]|, [A-Z]{2},? [A-Z0-9][0-9]|[A-Z][0-9][0-9A-Z]? [0-9][A-Z]{2}"
)
