"""Fills `[gateway]`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from headrace.config.table import Table
from headrace.errors import ConfigError
from headrace.infer.gateway.config import GatewayConfig
from headrace.infer.gateway.validators import ValidatorSpec, open_validator

_VALIDATORS = "validators"


def read_gateway(table: Table, *, models: Collection[str]) -> GatewayConfig:
    """Fill `[gateway]` and `[[gateway.validators]]`. Raises ConfigError."""
    given = table.values.get(_VALIDATORS, [])
    if not isinstance(given, list):
        raise table.error("must be written as `[[gateway.validators]]` tables.", _VALIDATORS)
    validators = tuple(_validator(table, place) for place in range(len(given)))
    plain = Table(
        values={key: value for key, value in table.values.items() if key != _VALIDATORS},
        path=table.path,
        file=table.file,
        lines=table.lines,
    )
    config = plain.fill(GatewayConfig, given={_VALIDATORS: validators})
    if config.alert_webhook is not None:
        parts = urlsplit(config.alert_webhook)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.password:
            raise table.error("is not an http or https address without a password.", "alert_webhook")
    if config.passthrough is not None and config.passthrough not in models:
        raise table.error("is not the name of a [models] table.", "passthrough", allowed=sorted(models))
    return config


def _validator(table: Table, place: int) -> ValidatorSpec:
    values = table.values[_VALIDATORS][place]
    if not isinstance(values, dict):
        raise table.error("must be a table.", _VALIDATORS, place)
    path = (*table.path, _VALIDATORS, place)
    own = Table(values=values, path=path, file=table.file, lines=table.lines)
    spec = own.fill(ValidatorSpec, given={})
    try:
        open_validator(spec)
    except ConfigError as error:
        raise own.error(f"cannot be used: {error.message}") from error
    return spec
