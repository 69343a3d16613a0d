"""Who may see the review desk: the browser that opened the link which the terminal showed, and no other.

The link works once and becomes a cookie; a new link makes the cookie before it void. Every form has a token for that cookie
and for that form's own address. All of it is forgotten when the desk ends: the secret is random, and only in memory.
"""

import hashlib
import hmac
import secrets

from itsdangerous import BadSignature, URLSafeSerializer

_SIGNING = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Entrance:
    """The links, the cookie and the forms' tokens of one `desk serve`, on one port."""

    def __init__(self, port: int) -> None:
        self._secret = secrets.token_bytes(32)
        self._link = ""
        self._session = ""
        # Cookies do not know ports: two desks on one machine must not overwrite each other's.
        self.cookie = f"knothole-desk-{port}"

    def new_link(self) -> str:
        """A path that lets in once; the one before lets in no more."""
        self._link = secrets.token_urlsafe(32)
        return f"/enter/{self._link}"

    def enter(self, token: str) -> str | None:
        """The cookie's value for whoever has the link, once; the browser that was in before is out."""
        if not self._link or not hmac.compare_digest(token.encode(), self._link.encode()):
            return None
        self._link, self._session = "", secrets.token_urlsafe(32)
        return self._serializer("cookie").dumps(self._session)

    def knows(self, cookie: str | None) -> bool:
        """Whether this is the cookie of the browser that is in."""
        session = self._loads("cookie", cookie or "")
        return (
            bool(self._session) and isinstance(session, str) and hmac.compare_digest(session.encode(), self._session.encode())
        )

    def token(self, action: str) -> str:
        """What a form to this address carries."""
        return self._serializer("form").dumps([self._session, action])

    def accepts(self, token: str, action: str) -> bool:
        """Whether a form to this address carried what it must."""
        value = self._loads("form", token)
        return bool(self._session) and value == [self._session, action]

    def label(self, text: str) -> str:
        """A short name for a newsroom's own word, so that the word is in no address."""
        return hmac.digest(self._secret, b"label\x00" + text.encode(), "sha256").hex()[:12]

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        # A salt for each purpose, or a cookie would pass for a form's token.
        return URLSafeSerializer(self._secret, salt=f"knothole/1 review {purpose}", signer_kwargs=_SIGNING)

    def _loads(self, purpose: str, text: str) -> object:
        try:
            return self._serializer(purpose).loads(text)
        except BadSignature:
            return None
