"""Addresses of drops and proxies: what would give a source or a token away is refused before a packet leaves."""

import ipaddress
import re

import httpx

from knothole_keys.errors import Refused


def address(url: str, *, proxied: bool) -> str:
    """A drop's address as `scheme://host[:port]`. Raises Refused for what would give a source or a token away."""
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError):
        parsed = httpx.URL("")
    host = parsed.host
    if parsed.scheme not in ("http", "https") or not re.fullmatch(rb"[A-Za-z0-9.:-]+", parsed.raw_host):
        raise Refused("This is not a drop's address; it begins with http:// or https://.")
    if parsed.userinfo or parsed.query or parsed.fragment or parsed.path not in ("", "/"):
        raise Refused("Give the drop's address alone, as in https://drop.example, with nothing after the name.")
    if host.endswith("."):
        # The same name to the network, another one to the rule for onions below.
        raise Refused("Give the drop's address without the dot at its end.")
    onion = host.endswith(".onion")
    if onion and not proxied:
        # Without a proxy the name would be asked of the local network, which is told who is looking for the drop.
        raise Refused("An .onion address is reached through Tor only; add --proxy socks5h://127.0.0.1:9050.")
    if parsed.scheme == "http" and not onion and not _here(host):
        raise Refused("Over http:// everybody on the way sees and can change what is sent; use the https:// or .onion address.")
    return str(parsed).rstrip("/")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def proxy_address(proxy: str | None) -> str | None:
    """A SOCKS proxy's address as httpx takes it, or None. Raises Refused."""
    if proxy is None:
        return None
    try:
        parsed = httpx.URL(proxy)
        # httpcore hands the name to the proxy for either spelling; nothing is looked up here.
        if parsed.scheme in ("socks5h", "socks5") and parsed.host and parsed.port:
            return proxy
    except (httpx.InvalidURL, ValueError):
        pass
    raise Refused("This is not a proxy's address; Tor's is socks5h://127.0.0.1:9050.")
