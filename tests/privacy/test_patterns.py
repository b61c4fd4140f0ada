"""Each type is found where it stands, and what only looks like it is not."""

from __future__ import annotations

import pytest

from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.entities import ENTITIES

FOUND = [
    ("EMAIL_ADDRESS", "Write to {} today.", "jo.o'neil+x@mail.example.co.uk"),
    ("EMAIL_ADDRESS", "почта: {}", "иван@пример.рф"),
    ("CREDIT_CARD", "card {} exp 12/25", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "Amex {}.", "378282246310005"),
    ("CREDIT_CARD", "paid with {}, thanks", "5555-5555-5555-4444"),
    ("IBAN_CODE", "to {} by Friday", "DE89 3704 0044 0532 0130 00"),
    ("IBAN_CODE", "IBAN:{}", "GB29NWBK60161331926819"),
    ("US_SSN", "SSN {}", "536-90-4399"),
    ("US_SSN", "My social security number is {}.", "536904399"),
    ("US_ITIN", "ITIN {}", "912-70-1234"),
    ("US_PASSPORT", "Passport no. {}", "912803456"),
    ("US_DRIVER_LICENSE", "driver's license {}", "D1234567"),
    ("US_BANK_NUMBER", "account number {} at the bank", "945456787654"),
    ("ABA_ROUTING_NUMBER", "routing number {}", "121000358"),
    ("UK_NHS", "NHS number {}", "943 476 5919"),
    ("UK_NINO", "NI: {}", "AB 12 34 56 C"),
    ("DE_TAX_ID", "Steuer-ID {}", "36574261809"),
    ("FR_NIR", "sécurité sociale {}", "2 95 10 99 126 111 93"),
    ("ES_NIF", "DNI {}", "54362315K"),
    ("ES_NIE", "NIE {}", "X2482300W"),
    ("IT_FISCAL_CODE", "CF {}", "RCCMNL83S18D969H"),
    ("NL_BSN", "BSN {}", "111222333"),
    ("PL_PESEL", "PESEL {}", "44051401359"),
    ("SE_PERSONNUMMER", "född {}", "880320-0016"),
    ("FI_PERSONAL_IDENTITY_CODE", "hetu {}", "131052-308T"),
    ("IN_AADHAAR", "Aadhaar {}", "2341 2341 2346"),
    ("IN_PAN", "PAN {}", "ACUPA7085R"),
    ("AU_TFN", "TFN {}", "123 456 782"),
    ("AU_ABN", "ABN {}", "83 914 571 673"),
    ("CRYPTO", "send to {}", "1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD"),
    ("CRYPTO", "send to {}", "0x52908400098527886E0F7030069857D2E4169EE7"),
    ("PHONE_NUMBER", "Call {} now", "+1 (415) 555-2671"),
    ("PHONE_NUMBER", "office {}, room 2", "415-555-2671"),
    ("PHONE_NUMBER", "Tel. {}", "030 901820"),
    ("PHONE_NUMBER", "from abroad: {}", "+44 (0)20 7946 0958"),
    ("IP_ADDRESS", "from {}:8080", "203.0.113.7"),
    ("IP_ADDRESS", "peer [{}]", "2001:db8::8a2e:370:7334"),
    ("MAC_ADDRESS", "card {}", "00:1B:44:11:3A:B7"),
    ("DATE_OF_BIRTH", "She was born on {} in Rome", "12 March 1985"),
    ("DATE_OF_BIRTH", "Geburtsdatum: {}", "03.11.1979"),
    ("STREET_ADDRESS", "Send it to {}, please", "123 Main Street, Apt 4, Springfield, IL 62704"),
    ("STREET_ADDRESS", "We met at {}.", "10 Downing Street, London SW1A 2AA"),
    ("STREET_ADDRESS", "Büro: {}", "Hauptstraße 12, 10115 Berlin"),
    ("STREET_ADDRESS", "chez nous, {}", "12 rue de la Paix, 75002 Paris"),
    ("STREET_ADDRESS", "vive en {}", "Calle Mayor, 12, 28013 Madrid"),
    ("API_KEY", "key {} here", "AKIAIOSFODNN7EXAMPLE"),
    ("API_KEY", "client_secret = '{}'", "8f2hG7sk29dLqP0zXy"),
    ("ACCESS_TOKEN", "use {}", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("ACCESS_TOKEN", "Authorization: Bearer {}", "mF_9.B5f-4.1JqMs82kLw"),
    ("PASSWORD", "password: {}", "hunter2!"),
    ("URL_CREDENTIALS", "postgres://{}@db.example.com/x", "bob:s3cret"),
    ("PRIVATE_KEY", "{}", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"),
]

NOT_FOUND = [
    "The order 1234567890123456 was shipped on 2019-03-12 10:15.",
    "In 2019 Germany and in 2020 France had 1,234,567 visitors.",
    "version 1.2.3.4 of std::vector at 12:30:15",
    "Part number 123-45-6789-0 and 000-12-3456.",
    "ACME1234 is a SKU, DE12 3456 is a seat, AB1234 a flight.",
    "The password is required, and your token was expired.",
    "user@host, 5@3, @mention and a@b are no addresses",
    "See section 4.1.2.3 and table 10-12-14.",
    "ISBN 978-3-16-148410-0, EAN 4006381333931",
    "3.14159265358979 and 1e-10 and 0x7fff",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736, chunk chk_itp4bvkwcnlauifqahyeabd7ca",
    "for i in range(10): print(i ** 2, end=' ')",
    "| 2021 | 1200 | 3400 |\n| 2022 | 1300 | 3500 |",
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The patterns alone."""
    return Engine(PrivacyConfig(names=False))


@pytest.mark.parametrize(("kind", "sentence", "value"), FOUND)
def test_it_is_found(engine: Engine, kind: str, sentence: str, value: str) -> None:
    text = sentence.format(value)
    (finding,) = engine.scan(text)
    assert (finding.type, text[finding.start : finding.end]) == (kind, value)
    assert engine.config.threshold <= finding.score <= 1
    assert finding.validator


def test_every_type_of_a_pattern_has_its_example() -> None:
    assert {kind for kind, _, _ in FOUND} == set(ENTITIES) - {"PERSON", "ORGANIZATION"}


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_it_is_left_alone(engine: Engine, text: str) -> None:
    assert [(finding.type, text[finding.start : finding.end]) for finding in engine.scan(text)] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail jo\u200bhn@exa\u2060mple.com!", "jo\u200bhn@exa\u2060mple.com"),
        (
            "card \uff14\uff11\uff11\uff11 1111\u00a01111 1111.",
            "\uff14\uff11\uff11\uff11 1111\u00a01111 1111",
        ),
        ("call +1\u2011415\u2011555\u20112671", "+1\u2011415\u2011555\u20112671"),
        ("IBAN D\u0415893704\u202e0044053201300\u202c0", "D\u0415893704\u202e0044053201300\u202c0"),
        ("ٱتصل +١ ٤١٥ ٥٥٥ ٢٦٧١", "+١ ٤١٥ ٥٥٥ ٢٦٧١"),
        ("😀é mail a@b.com \ud800", "a@b.com"),
    ],
)
def test_disguises_and_offsets(engine: Engine, text: str, value: str) -> None:
    (finding,) = engine.scan(text)
    assert text[finding.start : finding.end] == value


def test_types_can_be_chosen_and_the_threshold_set() -> None:
    text = "a@b.com from 203.0.113.7, SW1A 2AA"
    assert [f.type for f in Engine(PrivacyConfig(types=("IP_ADDRESS",))).scan(text)] == ["IP_ADDRESS"]
    assert "IP_ADDRESS" not in {f.type for f in Engine(PrivacyConfig(ignore=("IP_ADDRESS",))).scan(text)}
    assert [f.type for f in Engine(PrivacyConfig(threshold=0.99)).scan(text)] == ["EMAIL_ADDRESS"]


def test_national_numbers_count_in_the_countries_that_are_named() -> None:
    text = "Tel. 06 12 34 56 78"
    assert [f.type for f in Engine(PrivacyConfig(countries=("FR",))).scan(text)] == ["PHONE_NUMBER"]
    assert Engine(PrivacyConfig(countries=("US",))).scan(text) == []
