"""Which addresses a web source may contact, and which pages it is about."""

from __future__ import annotations

import re
from fnmatch import translate
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from headrace.errors import ConfigError
from headrace.ingest.sources.base import WebConfig
from headrace.ingest.sources.urls import host_of, normal_url

_WEB_PORTS = (80, 443)
_NAT64 = IPv6Network("64:ff9b::/96")


class Scope:
    """The limits of one web source.

    Only hosts of `domains` are contacted, on the port of the seed, the web's own ports, or the port that
    `domains` names. A private address (loopback, link-local, of a local network) is contacted only when the
    configured URL itself names it, or when the configuration allows it.
    """

    def __init__(self, config: WebConfig) -> None:
        seed = normal_url(config.url)
        if seed is None:
            raise ConfigError(
                f"web source {config.url!r}: not an address of a page, or one with a password in it.",
                key="url",
                allowed=["http://HOST/...", "https://HOST/..."],
            )
        self.seed = seed
        self._seed_host, self._seed_port = host_of(seed)
        self._domains = tuple(_domain(entry) for entry in config.domains) or ((self._seed_host, None),)
        self._include = [_matcher(pattern) for pattern in config.include]
        self._exclude = [_matcher(pattern) for pattern in config.exclude]
        self._allow_private = config.allow_private

    def objection(self, url: str) -> str:
        """Why the host of a normal URL must not be contacted; empty when it may be."""
        host, port = host_of(url)
        if not any(self._covers(entry, host, port) for entry in self._domains):
            return f"{host}:{port} is outside the domains of the source"
        address = _literal(host)
        if address is not None and not self.admits(host, address):
            return f"{host} is a private address that the source's own URL does not name"
        return ""

    def admits(self, host: str, address: IPv4Address | IPv6Address) -> bool:
        """Whether a connection to `host` may go to this address."""
        if self._allow_private or is_public(address):
            return True
        return host == self._seed_host and (_literal(host) is not None or _is_local_name(host))

    def wants(self, url: str) -> bool:
        """Whether a page is one that the source is about."""
        if self.excludes(url):
            return False
        return not self._include or _any(self._include, url)

    def excludes(self, url: str) -> bool:
        """Whether a page must not even be fetched."""
        return _any(self._exclude, url)

    def _covers(self, entry: tuple[str, int | None], host: str, port: int) -> bool:
        name, wanted = entry
        if name.startswith("*."):
            covered = host.endswith(name[1:])
        else:
            covered = host == name
        if wanted is not None:
            return covered and port == wanted
        if host == self._seed_host:
            # A seed on its own port says nothing about what else runs on that machine.
            ports = _WEB_PORTS if self._seed_port in _WEB_PORTS else (self._seed_port,)
            return covered and port in ports
        return covered and port in _WEB_PORTS


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open internet."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(inner)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_local_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _domain(entry: str) -> tuple[str, int | None]:
    wildcard = "*." if entry.startswith("*.") else ""
    url = normal_url(f"http://{entry.removeprefix('*.')}/")
    if url is None or "/" in entry:
        raise ConfigError(
            f"web source: domain {entry!r} is not a host name.",
            key="domains",
            allowed=["example.org", "*.example.org", "example.org:8080"],
        )
    host, port = host_of(url)
    return wildcard + host, port if re.search(r":\d+$", entry) else None


def _matcher(pattern: str) -> tuple[bool, re.Pattern[str]]:
    return pattern.startswith("/"), re.compile(translate(pattern))


def _any(matchers: list[tuple[bool, re.Pattern[str]]], url: str) -> bool:
    path = urlsplit(url).path
    return any(pattern.match(path if of_path else url) for of_path, pattern in matchers)
