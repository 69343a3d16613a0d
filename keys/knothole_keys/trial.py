"""Trying public keys before anybody depends on them (SPEC section 4, step 6).

One malformed key in a roster would stop every source from sending, so nobody publishes one untried. This is the raw key
encapsulation, thrown away at once: the server may run it, and can neither seal nor open anything with it.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from knothole_keys.errors import BadRecipientKey
from knothole_keys.recipient import Recipient
from knothole_keys.roster import Roster

_MLKEM_PUBLIC = 1184


def try_key(raw: bytes) -> None:
    """Encapsulate once to an X-Wing public key and throw the result away. Raises BadRecipientKey."""
    try:
        MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]).encapsulate()
        # Refuses the all-zero shared secret that small-order points give.
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]))
    except (ValueError, UnsupportedAlgorithm):
        raise BadRecipientKey("A weekly key cannot be sealed to: its owner must enrol again.") from None


def try_recipient(recipient: Recipient) -> None:
    """Encapsulate to each weekly key of one recipient. Raises BadRecipientKey, naming who and when."""
    for epoch, key in recipient.epochs.items():
        try:
            try_key(key)
        except BadRecipientKey:
            raise BadRecipientKey(
                f"The key of {recipient.name} for epoch {epoch} cannot be sealed to; have them enrol again."
            ) from None


def try_recipient_keys(roster: Roster) -> None:
    """Encapsulate to every weekly key of a roster. Raises BadRecipientKey."""
    for recipient in roster.recipients:
        try_recipient(recipient)
