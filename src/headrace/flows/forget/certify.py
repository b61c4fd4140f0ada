"""Write the certificate of an erasure: what was found where, when it went, and what may still hold it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, UsageError
from headrace.flows.forget.context import ForgetContext
from headrace.ledger import artifacts
from headrace.ledger.durability import fsync_path, make_folder
from headrace.ledger.erasure import certificate as certificates
from headrace.ledger.erasure import register
from headrace.ledger.erasure.scanning import Sightings
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire
from headrace.records.forget import VerifyReport

if TYPE_CHECKING:
    from headrace.ledger.erasure.register import Erasure
    from headrace.ledger.ledger import Write

_SIGNED = declare("erase.signed")
_WAL = (
    "PostgreSQL keeps what it wrote in its write-ahead log, and in archives of it, until the server "
    "recycles them; Headrace cannot reach these."
)


def certify(
    context: ForgetContext,
    erasure: Erasure,
    scope: Scope,
    sightings: Sightings,
    *,
    tags: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Sign what was done, keep the certificate, and forget the scope itself."""
    signed = certificates.sign(context.keyring, _statement(context, erasure, scope, sightings, tags))
    _keep(context.certificates / f"{erasure.id}.json", signed)
    fire(_SIGNED)

    def work(tx: Write) -> None:
        register.done(tx, erasure.id, certificate=artifacts.put(tx, "certificate", signed))

    context.ledger.write(work)
    return signed


def public_key(context: ForgetContext) -> str:
    """The key that checks certificates of this workspace: 32 bytes in base64."""
    return certificates.public_key(context.keyring)


def verify(context: ForgetContext, certificate: str) -> VerifyReport:
    """Check a certificate, given as a file or as the id of its erasure. Raises UsageError."""
    trusted = public_key(context)
    path = Path(certificate)
    if not path.is_file():
        path = context.certificates / f"{path.name}.json"
    if not path.is_file():
        raise NotFoundError("certificate", certificate, hint="Name a file, or the id of an erasure.")
    try:
        signed = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{str(path)!r} is not JSON.", hint="Name the file of a certificate.") from error
    valid = certificates.verify(signed, trusted=trusted)
    return VerifyReport(valid=valid, erasure=str(signed["statement"].get("erasure", "")), public_key=trusted)


def _statement(
    context: ForgetContext,
    erasure: Erasure,
    scope: Scope,
    sightings: Sightings,
    tags: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    now_us = time.time_ns() // 1000
    found = {name: count for name, count in erasure.found.items() if not name.startswith("seen ")}
    seen = {name[5:]: count for name, count in erasure.found.items() if name.startswith("seen ")}
    places = {"ledger": context.ledger.safe_url, "events": context.events.safe_url}
    postgres = [name for name, url in places.items() if url.startswith("postgresql")]
    return {
        "version": 1,
        "erasure": erasure.id,
        "documents": [context.keyring.keyed("document", *target) for target in scope.targets],
        **({"subjects": list(scope.subjects)} if scope.subjects else {}),
        "requested_at": _moment(erasure.requested_at_us),
        "erased_at": _moment(now_us),
        "actor": context.keyring.keyed("actor", erasure.actor),
        "found": [
            {"store": name, "items": count, "canaries_seen": seen.get(name, 0)}
            for name, count in sorted(found.items())
            if count
        ],
        "scan": {
            "bytes": sightings.bytes,
            "hits": sightings.total,
            "undecoded_files": len(sightings.undecoded),
            "digest": sightings.digest(),
        },
        "rewritten_tags": {name: list(items) for name, items in tags.items()},
        "backups_pending": [
            {"name": backup.name, "until": _moment(now_us + backup.keep_us)} for backup in context.backups
        ],
        "remarks": [f"{name}: {_WAL}" for name in postgres],
    }


def _keep(path: Path, signed: Mapping[str, Any]) -> None:
    make_folder(path.parent)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(signed, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    fsync_path(part)
    part.replace(path)
    fsync_path(path.parent)


def _moment(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="seconds")
