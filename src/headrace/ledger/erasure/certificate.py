"""Certificates: what was erased, signed, without saying what it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from headrace.errors import UsageError
from headrace.ledger.erasure.keyring import Keyring

ALGORITHM = "Ed25519"
_PARTS = ("algorithm", "public_key", "signature", "statement")


def sign(keyring: Keyring, statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement with the signature of the workspace over its canonical JSON."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(keyring.key("sign"))
    return {
        "statement": dict(statement),
        "algorithm": ALGORITHM,
        "public_key": public_key(keyring),
        "signature": base64.b64encode(private.sign(_canonical(statement))).decode(),
    }


def public_key(keyring: Keyring) -> str:
    """The key that checks signatures of this workspace: 32 bytes in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(keyring.key("sign"))
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


def verify(certificate: Any, *, trusted: str) -> bool:
    """Whether a certificate was signed by the key `trusted` and not changed since.

    Raises UsageError for what is no certificate at all.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(certificate, Mapping) or any(part not in certificate for part in _PARTS):
        raise UsageError("This is no certificate.", hint=f"One is JSON with {', '.join(_PARTS)}.")
    try:
        signature = base64.b64decode(str(certificate["signature"]), validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(trusted)).verify(
            signature, _canonical(certificate["statement"])
        )
    except (InvalidSignature, ValueError):
        return False
    return (certificate["algorithm"], certificate["public_key"]) == (ALGORITHM, trusted)


def _canonical(statement: Mapping[str, Any]) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
