"""Serving a drop over a TCP or a Unix socket, with uvicorn, in silence."""

import logging
import math
import os
import resource
import socket
from pathlib import Path

import uvicorn

from knothole_keys.errors import Refused
from knothole_keys.page import HEADERS
from knothole_server.app import create_app
from knothole_server.drop import Drop
from knothole_server.narrow import narrowed
from knothole_server.quiet import quiet_protocol

_BACKLOG = 2048
_GRACE = 10


def make_server(drop: Drop) -> uvicorn.Server:
    """A server for an open drop; it closes the drop when it ends."""
    settings = uvicorn.Config(
        create_app(drop),
        # uvicorn calls it as it would call a class; its annotation knows only classes.
        http=narrowed(quiet_protocol(drop.config.limits)),  # type: ignore[arg-type]
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        headers=HEADERS,
        timeout_keep_alive=math.ceil(drop.config.limits.idle_seconds),
        timeout_graceful_shutdown=_GRACE,
    )
    settings.load()
    server = uvicorn.Server(settings)
    # uvicorn fills these in at its first tick; an answer before that must carry them, too.
    server.server_state.default_headers = list(settings.encoded_headers)
    return server


def be_silent() -> None:
    """Leave no traces beside the drop's own files: no log, no core dump, files for their owner alone."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)


def bind_tcp(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. Raises Refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Now, not when the server is up: whoever reads where it serves may come at once, and waits in line.
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise Refused(f"{host} port {port} cannot be used: {(error.strerror or 'it failed').lower()}.") from None
    return listening


def bind_unix(path: Path) -> socket.socket:
    """A listening Unix socket, as Tor's HiddenServicePort takes it; a stale one gives way. Raises Refused."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()
        listening.bind(str(path))
        # It leads to what every visitor may ask anyway; Tor runs under another user.
        path.chmod(0o666)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise Refused(f"{path} cannot be used as a socket: {(error.strerror or 'it failed').lower()}.") from None
    return listening
