"""The gateway of a workspace, and the operations on calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.flows.calling.operations import CallOperations
    from headrace.infer.gateway.gateway import Gateway
    from headrace.wiring import Wiring


def gateway_of(wiring: Wiring) -> Gateway:
    """Put the gateway together; connections are given back when the workspace closes."""
    from headrace.infer.gateway.alerts import Alerts
    from headrace.infer.gateway.gateway import Gateway
    from headrace.infer.gateway.keys import Keys
    from headrace.infer.gateway.letters import Letters
    from headrace.infer.gateway.metering import Meter
    from headrace.infer.gateway.upstreams import Upstreams
    from headrace.infer.gateway.validators import open_validator
    from headrace.infer.gateway.watch import ModelWatch
    from headrace.infer.providers.portal import portal
    from headrace.ledger.erasure.keyring import Keyring

    config = wiring.config
    keyring = Keyring(config.root / STATE_FOLDER / "keys", wiring.ledger)
    gateway = Gateway(
        config=config.gateway,
        upstreams=Upstreams(config.models),
        events=wiring.events,
        letters=Letters(wiring.ledger, keyring),
        keys=Keys(wiring.ledger, keyring),
        alerts=Alerts(wiring.events, webhook=config.gateway.alert_webhook),
        watch=ModelWatch(wiring.ledger, actor=wiring.actor),
        vault=wiring.shields,
        cache=wiring.cache if config.cache.exact or config.cache.semantic else None,
        keeper=wiring._record_keeper,
        subjects=keyring.subject,
        meter=Meter(wiring.ledger),
        validators=[(spec, open_validator(spec)) for spec in config.gateway.validators],
    )
    wiring._closers.append(lambda: portal().run(gateway.close()))
    return gateway


def call_operations(wiring: Wiring) -> CallOperations:
    """What `workspace.calls` works with."""
    from headrace.flows.calling.operations import CallOperations
    from headrace.wiring_prompts import released_prompts
    from headrace.wiring_sessions import call_parts

    return CallOperations(
        gateway=wiring.gateway,
        ledger=wiring.ledger,
        events=wiring.events,
        prompts=released_prompts(
            wiring, budget=wiring.config.gateway.budget, working_tree=not wiring.released_only
        ),
        releases=wiring.releases,
        actor=wiring.actor,
        parts=call_parts(wiring),
    )
