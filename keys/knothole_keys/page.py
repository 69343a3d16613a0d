"""What a drop's page looks like from outside: its rendering, the headers of every answer, the one padded length.

The server answers by this, and `courier audit` compares by it: there is one text of both. Pure: no files, no network.
"""

from jinja2 import Environment, StrictUndefined

from knothole_keys.root import Chain, fingerprint

TEMPLATE = "page.html"
# HTML and JSON answers all have this length, or a multiple of it.
PADDED = 16_384
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
# The kinds of file that a page may have, by their names' endings.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": TEXT,
    ".woff2": "font/woff2",
}
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)
# Not screen-wake-lock: a phone that sleeps stops sending, so the page keeps it awake.
_FEATURES = (
    "accelerometer autoplay bluetooth browsing-topics camera display-capture encrypted-media geolocation gyroscope hid "
    "magnetometer microphone midi payment picture-in-picture publickey-credentials-get serial usb "
    "xr-spatial-tracking"
)
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _FEATURES.split())),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


def padded(body: bytes) -> bytes:
    """A body filled with spaces to the one length of HTML and JSON answers, or its next multiple."""
    return body.ljust(-(-len(body) // PADDED) * PADDED, b" ")


def render(template: str, chain: Chain) -> bytes:
    """The page for a drop, padded, out of a release's template."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    names = {
        "drop": chain.current.drop,
        "drop_id": chain.drop_id.hex(),
        "fingerprint": fingerprint(chain.drop_id),
    }
    return padded(environment.from_string(template).render(names).encode())
