"""Resolves host names without being led to addresses that must not be contacted."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from headrace.ingest.sources.scope import Scope


class PrivateAddressError(OSError):
    """A host name leads to an address that must not be contacted."""


class GuardedResolver(AbstractResolver):
    """Resolves names, and lets through only the addresses that the scope admits."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """Addresses of a host. Raises PrivateAddressError when none may be contacted."""
        results = await self._inner.resolve(host, port, family)  # type: ignore[arg-type]
        admitted = [
            item for item in results if self._scope.admits(host, ip_address(item["host"].split("%")[0]))
        ]
        if results and not admitted:
            raise PrivateAddressError(f"{host} has the private address {results[0]['host']}")
        return admitted

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()
