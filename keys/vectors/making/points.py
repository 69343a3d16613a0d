"""Ed25519's curve, for signatures that no library makes: small orders, off by a cofactor. Never for real keys."""

import hashlib
from dataclasses import dataclass

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


@dataclass(frozen=True)
class Point:
    """An affine point."""

    x: int
    y: int

    def plus(self, other: "Point") -> "Point":
        """The sum."""
        k = D * self.x * other.x * self.y * other.y % P
        x = (self.x * other.y + other.x * self.y) * pow(1 + k, -1, P) % P
        return Point(x, (self.y * other.y + self.x * other.x) * pow(1 - k, -1, P) % P)

    def times(self, n: int) -> "Point":
        """The point n times."""
        result, power = Point(0, 1), self
        while n:
            result = result.plus(power) if n & 1 else result
            power, n = power.plus(power), n >> 1
        return result

    def encoded(self) -> bytes:
        """The 32 bytes of RFC 8032."""
        return (self.y | (self.x & 1) << 255).to_bytes(32, "little")

    @classmethod
    def at(cls, y: int) -> "Point | None":
        """The point of this y with an even x, if there is one."""
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        x = pow(square, (P + 3) // 8, P)
        if (x * x - square) % P:
            x = x * pow(2, (P - 1) // 4, P) % P
        if (x * x - square) % P:
            return None
        return cls(x if x % 2 == 0 else P - x, y)

    @classmethod
    def base(cls) -> "Point":
        """The generator."""
        point = cls.at(4 * pow(5, -1, P) % P)
        assert point is not None  # noqa: S101 (a constant of the curve)
        return point


def order_eight() -> Point:
    """A point of order eight."""
    for y in range(2, 100):
        point = Point.at(y)
        if point is not None and (small := point.times(L)).times(4) != Point(0, 1):
            return small
    raise ArithmeticError("the curve has none below 100")


def small_order_points() -> dict[str, bytes]:
    """Keys under which k·A can vanish, one of each order, and a second spelling of the identity."""
    eight = order_eight()
    return {
        "1": Point(0, 1).encoded(),
        "2": eight.times(4).encoded(),
        "8": eight.encoded(),
        "1_other_spelling": (P + 1).to_bytes(32, "little"),
    }


def forged_signature(public: bytes, message: bytes) -> bytes:
    """A signature without any secret key, under a key of small order: k·A vanishes for every eighth k."""
    for nonce in range(1, 1000):
        r = Point.base().times(nonce).encoded()
        k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
        if k % 8 == 0:
            return r + nonce.to_bytes(32, "little")
    raise ArithmeticError("a thousand hashes were all odd")


def crooked_signature(seed: bytes, message: bytes, nonce: int, small: Point) -> tuple[bytes, bytes]:
    """A public key, and a signature whose R is off by a point of small order; nonce 0 makes R that very point."""
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    secret = int.from_bytes(digest, "little")
    public = Point.base().times(secret).encoded()
    r = Point.base().times(nonce).plus(small).encoded()
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little")
    return public, r + ((nonce + k * secret) % L).to_bytes(32, "little")
