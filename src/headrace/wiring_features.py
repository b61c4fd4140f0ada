"""Features of a workspace: its views, the online store, and who was forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.features.operations import FeatureOperations
    from headrace.ledger.consents import Purpose
    from headrace.observe.features.online.base import OnlineStore
    from headrace.observe.features.parts import FeatureParts
    from headrace.wiring import Wiring


def feature_operations(wiring: Wiring) -> FeatureOperations:
    """The operations, over the views as their files are now."""
    from headrace.flows.features.operations import FeatureOperations

    return FeatureOperations(parts=feature_parts(wiring))


def feature_parts(wiring: Wiring) -> FeatureParts:
    """What `workspace.features` works with. Raises ConfigError."""
    from headrace.config.features import FOLDER, read_views
    from headrace.observe.features import databases
    from headrace.observe.features.parts import FeatureParts
    from headrace.observe.features.reading import Sources

    config = wiring.config
    return FeatureParts(
        ledger=wiring.ledger,
        views=read_views(config.root, config.features),
        sources=Sources(
            root=config.root,
            query=partial(databases.query, config.features.databases),
            function=partial(databases.call, config.root / FOLDER),
        ),
        online=wiring._online,
        forgotten=partial(_forgotten, wiring),
        actor=wiring.actor,
        permitting=partial(_permitting, wiring),
    )


def online_store(wiring: Wiring) -> OnlineStore:
    """The store that `[storage] online` names, closed with the workspace."""
    from headrace.ledger.identity import digest
    from headrace.observe.features.online.opening import open_online

    store = open_online(wiring.config.storage.online, workspace=digest("workspace", str(wiring.config.root)))
    wiring._closers.append(store.close)
    return store


def _permitting(wiring: Wiring, purpose: Purpose, users: Collection[str]) -> frozenset[str]:
    from headrace.ledger import consents

    keys = {user: wiring._forgetting.keyring.subject(user.strip()) for user in users}
    with wiring.ledger.read() as conn:
        allowed = consents.allowed(conn, set(keys.values()), purpose)
    return frozenset(user for user, key in keys.items() if key in allowed)


def _forgotten(wiring: Wiring, subjects: Callable[[], Sequence[str]]) -> frozenset[str]:
    from headrace.ledger.erasure import suppressions

    with wiring.ledger.read() as conn:
        known = suppressions.known(conn)
    if not known:
        return frozenset()
    keyed = partial(wiring._forgetting.keyring.keyed, suppressions.KIND, "subject", "")
    return frozenset(subject for subject in subjects() if keyed(subject) in known)
