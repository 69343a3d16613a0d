"""The connection: what a lying server, a hostile environment or a careless address must not achieve."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from knothole_client.address import address
from knothole_client.http import Answer, BadAnswer, Connection, Patience, Unreachable, refusal
from knothole_client.unpack import Overfull, unpacked
from knothole_keys.errors import Refused
from tests.client.served import QUICK, Asked, Reply, fresh, lie


def test_an_answer_that_claims_to_be_too_long_is_refused_before_a_byte_is_read():
    with (
        lie(lambda _: (200, b"", {"Content-Length": "1000000000000"})) as (url, _),
        Connection(url) as connection,
        pytest.raises(BadAnswer, match="longer than it may be"),
    ):
        connection.once("GET", "/roots", limit=1000)


def test_an_answer_without_a_length_is_cut_off_at_the_limit():
    endless = b"".join(b"%x\r\n%s\r\n" % (65536, bytes(65536)) for _ in range(64))
    with (
        lie(lambda _: (200, endless, {"Transfer-Encoding": "chunked"})) as (url, _),
        Connection(url) as connection,
        pytest.raises(BadAnswer, match="longer than it may be"),
    ):
        connection.once("GET", "/roots", limit=100_000)


def test_a_compressed_answer_is_refused_rather_than_unpacked():
    bomb = gzip.compress(bytes(10_000_000))
    with (
        lie(lambda _: (200, bomb, {"Content-Encoding": "gzip"})) as (url, asked),
        Connection(url) as connection,
        pytest.raises(BadAnswer, match="compressed"),
    ):
        connection.once("GET", "/roots", limit=100_000)
    assert asked[0].headers["accept-encoding"] == "identity"


def packing(body: bytes) -> Callable[[Asked], Reply]:
    return lambda _: (200, body, {"Content-Encoding": "gzip"})


def test_a_packed_answer_is_unpacked_for_whoever_asks_for_it():
    body = bytes(100_000)
    with lie(packing(gzip.compress(body))) as (url, _), Connection(url) as connection:
        assert connection.once("GET", "/page.js", limit=100_000, packed=True).body == body


FLAWED = {
    "a bomb": (gzip.compress(bytes(2**26)), "longer than it may be"),
    "one byte too many": (gzip.compress(bytes(100_001)), "longer than it may be"),
    "two members": (gzip.compress(b"a") + gzip.compress(b"b"), "not one whole stream"),
    "a byte behind": (gzip.compress(b"a") + b"x", "not one whole stream"),
    "cut": (gzip.compress(b"a" * 1000)[:-1], "not one whole stream"),
    "nothing": (b"", "not one whole stream"),
    "a false checksum": (gzip.compress(b"a")[:-8] + bytes(8), "not one whole stream"),
    "deflate": (zlib.compress(b"a"), "not one whole stream"),
}


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_packed_answer_that_is_not_one_whole_stream_of_its_length_is_refused(flaw: str):
    body, said = FLAWED[flaw]
    with lie(packing(body)) as (url, _), Connection(url) as connection, pytest.raises(BadAnswer, match=said):
        connection.once("GET", "/page.js", limit=100_000, packed=True)


def test_a_stream_of_empty_blocks_is_left_though_nothing_ever_comes_of_it():
    came = []

    def endless() -> Iterator[bytes]:
        yield gzip.compress(b"")[:10]
        while True:
            came.append(1)
            yield b"\0\0\0\xff\xff" * 1000

    with pytest.raises(Overfull):
        list(unpacked(endless(), 100_000))
    assert len(came) == 20


def test_a_redirect_is_not_followed():
    with (
        lie(lambda _: (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"})) as (url, asked),
        Connection(url) as connection,
        pytest.raises(Refused, match="another address"),
    ):
        connection.get("/roots", limit=1000, what="The drop's roots")
    assert [one.path for one in asked] == ["/roots"]


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with lie(lambda _: (200, b"here")) as (url, _), Connection(url) as connection:
        assert connection.get("/roots", limit=10, what="It") == b"here"


def test_a_failing_server_is_asked_again_and_then_refused():
    with (
        lie(lambda _: (500, b"")) as (url, asked),
        Connection(url, patience=fresh(QUICK)) as connection,
        pytest.raises(Refused, match="code 500"),
    ):
        connection.get("/roots", limit=10, what="The roots")
    assert len(asked) == QUICK.tries


def test_a_server_that_comes_back_is_answered():
    replies: list[Reply] = [(503, b""), (502, b""), (200, b"back")]
    with lie(lambda _: replies.pop(0)) as (url, _), Connection(url, patience=fresh(QUICK)) as connection:
        assert connection.get("/roots", limit=10, what="The roots") == b"back"


def test_no_room_is_an_answer_at_once():
    with lie(lambda _: (507, b"")) as (url, asked), Connection(url, patience=fresh(QUICK)) as connection:
        assert connection.persist("GET", "/x", limit=10).status == 507
    assert len(asked) == 1


def test_nobody_there_is_one_sentence():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with Connection(url, patience=fresh(QUICK)) as connection, pytest.raises(Unreachable, match="cannot be reached"):
            connection.persist("GET", "/roots", limit=10)


def test_what_is_not_http_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            other, _ = listening.accept()
            other.recv(1000)
            other.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            other.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with Connection(f"http://127.0.0.1:{listening.getsockname()[1]}") as connection, pytest.raises(Refused) as refused:
            connection.once("GET", "/roots", limit=10)
        thread.join()
    assert str(refused.value).count(".") >= 1
    assert "SSH" not in str(refused.value)


def test_a_connection_that_ends_early_is_unreachable_not_a_short_answer():
    with (
        lie(lambda _: (200, b"short", {"Content-Length": "10", "Connection": "close"})) as (url, _),
        Connection(url) as connection,
        pytest.raises(Unreachable),
    ):
        connection.once("GET", "/roots", limit=100)


def test_the_token_travels_in_its_header_and_in_no_sentence():
    def deny(asked: Asked) -> Reply:
        return 401, f'{{"message": "no {asked.headers["authorization"]}\\u001b[31m"}}'.encode()

    with lie(deny) as (url, asked), Connection(url, token="very-secret") as connection, pytest.raises(Refused) as refused:
        connection.get("/courier/boxes", limit=10, what="The list")
    assert asked[0].headers["authorization"] == "Bearer very-secret"
    assert "very-secret" not in str(refused.value)
    assert "courier-token" in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'"text"',
        b'{"message": 7}',
        b'{"message": "\\u001b[2J"}',
        b'{"message": "\\u202e"}',
        b"\xff",
        b"[" * 5000,
    ],
)
def test_a_reason_that_could_harm_a_terminal_is_not_shown(body: bytes):
    assert Answer(400, body).reason == ""


def test_a_plain_reason_is_shown():
    assert "The week is over." in str(refusal(Answer(400, b'{"message": "The week is over."}    '), "The box"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("drop.example", "begins with"),
        ("", "begins with"),
        ("ftp://drop.example", "begins with"),
        ("https://", "begins with"),
        ("https://abcdefghij.onion.", "dot at its end"),
        ("http://ABCDEFGHIJ.Onion.:80/", "dot at its end"),
        ("https://abcdefghij。onion", "through Tor only"),
        ("https://drop.example.", "dot at its end"),
        ("https://drop.example/path", "address alone"),
        ("https://drop.example/?a=b", "address alone"),
        ("https://me:secret@drop.example", "address alone"),
        ("http://drop.example", "everybody on the way"),
        ("http://127.0.0.1.example", "everybody on the way"),
        ("http://0.0.0.0", "everybody on the way"),
        ("http://abcdefghij.onion", "--proxy"),
        ("https://abcdefghij.onion", "--proxy"),
        ("https://a b", "begins with"),
    ],
)
def test_addresses_that_would_give_somebody_away_are_refused(url: str, why: str):
    with pytest.raises(Refused, match=why) as refused:
        address(url, proxied=False)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "proxied", "whole"),
    [
        ("https://drop.example/", False, "https://drop.example"),
        ("http://127.0.0.1:8000", False, "http://127.0.0.1:8000"),
        ("http://localhost:8000/", False, "http://localhost:8000"),
        ("http://[::1]:8000", False, "http://[::1]:8000"),
        ("http://abcdefghij.onion", True, "http://abcdefghij.onion"),
    ],
)
def test_good_addresses(url: str, proxied: bool, whole: str):
    assert address(url, proxied=proxied) == whole


@pytest.mark.parametrize(
    "proxy", ["127.0.0.1:9050", "http://127.0.0.1:8080", "socks5h://127.0.0.1", "socks4://127.0.0.1:1", ""]
)
def test_proxies_that_are_not_socks_are_refused(proxy: str):
    with pytest.raises(Refused, match="socks5h"):
        Connection("https://drop.example", proxy=proxy)


def test_patience_ends_at_once_when_the_connection_is_closed():
    patience = Patience(tries=5, first=60)
    with Connection("https://drop.example", patience=patience):
        pass
    begun = time.monotonic()
    assert not patience.wait(1)
    assert time.monotonic() - begun < 1


def test_an_address_that_never_answered_is_given_up_sooner_than_a_server_that_did():
    patience = Patience(tries=9, first=0.001, most=0.001)
    with lie(lambda _: (503, b"")) as (url, asked), Connection(url, patience=patience) as connection:
        connection.persist("GET", "/x", limit=10)
    assert len(asked) == 9
    tries: list[int] = []

    class Counting(Patience):
        def wait(self, failures: int, tries_: int | None = None) -> bool:
            tries.append(failures)
            return super().wait(failures, tries_)

    with Connection(url, patience=Counting(9, 0.001, 0.001)) as connection, pytest.raises(Unreachable):
        connection.persist("GET", "/x", limit=10)
    assert len(tries) == 4


def test_an_expired_roster_is_not_waited_for():
    off = b'{"error": "sealing_off", "message": "The list of recipients has expired."}'
    with lie(lambda _: (503, off)) as (url, asked), Connection(url, patience=fresh(QUICK)) as connection:
        assert "list of recipients" in connection.persist("GET", "/x", limit=10).reason
    assert len(asked) == 1


def test_a_busy_server_and_a_drop_whose_lists_ran_out_are_told_apart():
    busy = refusal(Answer(503, b'{"error": "busy", "message": "The drop is busy."}'), "The box")
    assert "roster" not in str(busy)
    assert "busy" in str(busy)
    off = refusal(Answer(503, b'{"error": "sealing_off", "message": "It takes nothing."}'), "The box")
    assert "run out" in str(off)
    assert "a day or two" in str(off)
