"""Sessions and profiles of a workspace, and what calls are given of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.config.base import STATE_FOLDER
from headrace.config.durations import parse_duration

if TYPE_CHECKING:
    from headrace.flows.calling.around import CallParts
    from headrace.flows.calls import Who
    from headrace.flows.prompts.filling import Filler
    from headrace.flows.sessions.conversation import Conversation
    from headrace.flows.sessions.parts import TalkParts
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.observe.profiles.operations import ProfileOperations
    from headrace.observe.sessions.operations import SessionOperations
    from headrace.observe.sessions.parts import SessionParts
    from headrace.records.keys import Caller
    from headrace.wiring import Wiring


def session_operations(wiring: Wiring) -> SessionOperations:
    """What `workspace.sessions` works with."""
    from headrace.observe.sessions.operations import SessionOperations

    return SessionOperations(parts=session_parts(wiring))


def session_parts(wiring: Wiring) -> SessionParts:
    """The log of sessions."""
    from headrace.observe.sessions.eraser import KEYS
    from headrace.observe.sessions.parts import SessionParts
    from headrace.privacy.vault.single import SingleKeys

    keyring = _keyring(wiring)
    return SessionParts(
        ledger=wiring.ledger,
        keyring=keyring,
        keys=SingleKeys(keyring, KEYS),
        config=wiring.config.sessions,
        keep_us=_us(wiring.config.sessions.keep),
        visible=lambda names, access: _visible(wiring, names, access),
    )


def talk_parts(wiring: Wiring) -> TalkParts:
    """What conversations work with."""
    from headrace.flows.sessions.parts import TalkParts

    return TalkParts(
        sessions=session_parts(wiring),
        gateway=lambda: wiring.gateway,
        embedder=lambda: wiring._embedder(wiring.config.sessions.embedder),
    )


def call_parts(wiring: Wiring) -> CallParts:
    """What fills calls."""
    from headrace.flows.calling.around import CallParts
    from headrace.flows.sessions.counting import Counters

    return CallParts(
        talks=talk_parts(wiring),
        store=lambda entity, user: store_filler(wiring, entity, user),
        counters=Counters(wiring.config.root / "prompts"),
    )


def store_filler(wiring: Wiring, entity: Mapping[str, Any], user: str | None) -> Filler:
    """What fills features and profile for an entity and a user."""
    from headrace.flows.prompts.filling import StoreFiller
    from headrace.observe.profiles.book import for_prompt

    return StoreFiller(
        reader=lambda: wiring._features.reader,
        profiles=lambda name, of: for_prompt(profile_operations(wiring).parts, name, of),
        subject=_keyring(wiring).subject,
        entity=entity,
        user=user,
    )


def profile_operations(wiring: Wiring) -> ProfileOperations:
    """What `workspace.profiles` works with. The chain of a schema is opened once."""
    from headrace.flows.schemas.parts import chain_for
    from headrace.infer.schemas.file import load_schema
    from headrace.observe.profiles.eraser import KEYS
    from headrace.observe.profiles.operations import ProfileOperations
    from headrace.observe.profiles.parts import ProfileParts
    from headrace.privacy.vault.single import SingleKeys

    folder = wiring.config.root / "schemas"
    keyring = _keyring(wiring)
    configs = wiring.config.profiles
    parts = ProfileParts(
        ledger=wiring.ledger,
        keyring=keyring,
        keys=SingleKeys(keyring, KEYS),
        configs=configs,
        keep_us={name: None if item.keep is None else _us(item.keep) for name, item in configs.items()},
        schema=lambda name: load_schema(folder, name),
        chain=lambda name: chain_for(folder, wiring.ledger, name),
        actor=wiring.actor,
    )
    return ProfileOperations(parts=parts)


def who(wiring: Wiring, session: str | None, user: str | None) -> Who:
    """Whose call it is, by the keyed hash of the user."""
    from headrace.flows.calls import NOBODY, Who
    from headrace.observe.sessions.log import checked_id

    name = (user or "").strip()
    if session is None and not name:
        return NOBODY
    subject = _keyring(wiring).subject(name) if name else None
    return Who(session and checked_id(session), subject)


def conversation(
    wiring: Wiring, session: str | None, user: str | None, access: Sequence[str], caller: Caller | None
) -> Conversation | None:
    """The session that a question is asked in."""
    from headrace.flows.sessions.conversation import converse

    if session is None:
        return None
    return converse(talk_parts(wiring), session, user=user, access=access, caller=caller)


def _visible(wiring: Wiring, names: Sequence[str], access: Sequence[str] | None) -> set[str]:
    from headrace.wiring_schemas import _permitted

    with wiring.ledger.read() as conn:
        permitted = _permitted(wiring, conn, access)
        return {name for name in names if permitted(name)}


def _keyring(wiring: Wiring) -> Keyring:
    from headrace.ledger.erasure.keyring import Keyring

    return Keyring(wiring.config.root / STATE_FOLDER / "keys", wiring.ledger)


def _us(length: str) -> int:
    return int(parse_duration(length).total_seconds() * 1_000_000)
