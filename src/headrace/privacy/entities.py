"""Every type that can be found, with what it is. Names are Presidio's where it has one."""

from __future__ import annotations

from collections.abc import Mapping

PERSONAL: Mapping[str, str] = {
    "CREDIT_CARD": "Payment card number: issuer's prefix, length and Luhn checksum.",
    "IBAN_CODE": "Bank account: country, length and checksum.",
    "US_SSN": "Social security number, or nine digits after words that say so.",
    "US_ITIN": "Taxpayer number, in groups.",
    "US_PASSPORT": "Passport number after the word passport.",
    "US_DRIVER_LICENSE": "Licence number after words that say so.",
    "US_BANK_NUMBER": "Account number after words that say so.",
    "ABA_ROUTING_NUMBER": "Routing number after words that say so, with its checksum.",
    "UK_NHS": "NHS number: checksum, and the word NHS before it.",
    "UK_NINO": "National insurance number.",
    "DE_TAX_ID": "Steuer-ID: checksum, and words that say so.",
    "FR_NIR": "Numéro de sécurité sociale, with its checksum.",
    "ES_NIF": "NIF or DNI, with its letter.",
    "ES_NIE": "NIE, with its letter.",
    "IT_FISCAL_CODE": "Codice fiscale, with its checksum.",
    "NL_BSN": "Burgerservicenummer: checksum, and words that say so.",
    "PL_PESEL": "PESEL, with date and checksum.",
    "SE_PERSONNUMMER": "Personnummer, with date and checksum.",
    "FI_PERSONAL_IDENTITY_CODE": "Henkilötunnus, with date and checksum.",
    "IN_AADHAAR": "Aadhaar number, with its checksum.",
    "IN_PAN": "Permanent account number.",
    "AU_TFN": "Tax file number: checksum, and words that say so.",
    "AU_ABN": "Business number, with its checksum.",
    "CRYPTO": "Bitcoin address with its checksum, or Ethereum address.",
    "EMAIL_ADDRESS": "E-mail address, in any script.",
    "PHONE_NUMBER": "Phone number that exists by its country's numbering plan.",
    "IP_ADDRESS": "IPv4 or IPv6 address.",
    "MAC_ADDRESS": "Hardware address of a network card.",
    "DATE_OF_BIRTH": "A date after words that say birth.",
    "STREET_ADDRESS": "Street and number, or place with postal code, by the patterns of a country.",
    "PERSON": "A name, from the workspace's lists or by the built-in recogniser.",
    "ORGANIZATION": "An organisation from the workspace's lists.",
}
"""Personal data; where findings tie, the type that comes first here wins."""

SECRETS: Mapping[str, str] = {
    "PRIVATE_KEY": "A private key in PEM form, the whole block.",
    "API_KEY": "A key in the form of a known provider, or a random value called a key or secret.",
    "ACCESS_TOKEN": "A signed or bearer token.",
    "PASSWORD": "What is given as a password.",
    "URL_CREDENTIALS": "User and password in a URL.",
}
"""What opens something; they come before personal data where findings tie."""

ENTITIES: Mapping[str, str] = {**SECRETS, **PERSONAL}
ORDER: Mapping[str, int] = {name: position for position, name in enumerate(ENTITIES)}
