"""Lengths that lie, over raw sockets: what an HTTP library would not let a test send."""

import os

import pytest
from starlette.requests import Request

from knothole_server.body import declared_length
from knothole_server.refusals import Refusal
from tests.server.serving import Served, tree_hash


def head(shared: Served, *extra: str, path: str | None = None, method: str = "PUT") -> bytes:
    path = path or f"/boxes/{shared.drop.epoch}/{os.urandom(16).hex()}"
    permit = [f"{name}: {value}" for name, value in shared.permit(bytes(16)).items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *permit, *extra]).encode() + b"\r\n\r\n"


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("extra", "statuses"),
    [
        ([], {411}),
        (["Transfer-Encoding: chunked"], {411}),
        (["Transfer-Encoding: gzip, chunked"], {411, 400}),
        (["Content-Length: 262144", "Transfer-Encoding: chunked"], {400}),
        (["Transfer-Encoding: chunked", "Content-Length: 262144"], {400}),
        (["Content-Length: 262144", "Content-Length: 262145"], {400}),
        (["Content-Length: 262144", "Content-Length: 262144"], {400}),
        (["Content-Length: -1"], {400}),
        (["Content-Length: +262144"], {400}),
        (["Content-Length: 262144x"], {400}),
        (["Content-Length:"], {400, 411}),
        (["Content-Length: 0"], {400}),
        (["Content-Length: 262143"], {400}),
        (["Content-Length: 262145"], {413}),
        (["Content-Length: 16777217"], {413}),
        (["Content-Length: 999999999999999999"], {413}),
        (["Content-Length: 99999999999999999999999999"], {400}),
    ],
)
def test_a_length_that_lies_is_refused_before_the_body(shared: Served, extra: list[str], statuses: set[int]) -> None:
    before = tree_hash(shared.config.directory)
    body = b"40000\r\n" + shared.fake_box() + b"\r\n0\r\n\r\n" if "chunked" in str(extra) else b""
    answer = shared.raw(head(shared, *extra) + body)
    assert status_of(answer) in statuses
    assert b"content-security-policy" in answer.lower()
    assert tree_hash(shared.config.directory) == before


def test_a_refused_huge_body_is_not_read_to_its_end(shared: Served) -> None:
    answer = shared.raw(head(shared, "Content-Length: 999999999999999999"))
    assert status_of(answer) == 413
    assert b"connection: close" in answer.lower()


def test_expect_100_continue_is_refused_before_anything_is_sent(shared: Served) -> None:
    extra = ["Expect: 100-continue", f"Content-Length: {shared.drop.geometry().size}"]
    wrong = head(shared, *extra, path=f"/boxes/1/{'ab' * 16}")
    assert status_of(shared.raw(wrong)) == 409
    right = shared.raw(head(shared, *extra), timeout=0.5)
    assert status_of(right) == 100


def test_the_next_request_on_a_connection_is_not_taken_for_the_body(shared: Served) -> None:
    smuggled = b"GET /permit HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = shared.raw(head(shared, "Content-Length: 0") + smuggled)
    assert status_of(answer) == 400


def test_both_lengths_are_refused_even_if_the_parser_lets_them_pass() -> None:
    headers = [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")]
    for several in (headers, headers[1:], []):
        with pytest.raises(Refusal) as refused:
            declared_length(Request({"type": "http", "headers": several}))
        assert refused.value.status == 411
    assert declared_length(Request({"type": "http", "headers": headers[:1]})) == 5


@pytest.mark.parametrize(
    ("method", "path", "lengths"),
    [
        ("POST", "/boxes/missing", (0, 16_387, 16_389, 10**9)),
        ("POST", "/courier/slots", (0, 2047, 2049, 513 * 2048, 10**9)),
        ("PUT", "/courier/roster", (0, 1, 4 * 2**20 + 1, 10**12)),
    ],
)
def test_other_bodies_are_bounded_too(shared: Served, method: str, path: str, lengths: tuple[int, ...]) -> None:
    before = tree_hash(shared.config.directory)
    token = f"Authorization: {shared.bearer['Authorization']}"
    for length in lengths:
        body = bytes(length) if length < 10**7 else b""
        answer = shared.raw(head(shared, token, f"Content-Length: {length}", path=path, method=method) + body)
        assert status_of(answer) in {400, 413}
    assert status_of(shared.raw(head(shared, token, path=path, method=method))) == 411
    chunked = head(shared, token, "Transfer-Encoding: chunked", path=path, method=method)
    assert status_of(shared.raw(chunked + b"2\r\n{}\r\n0\r\n\r\n")) == 411
    assert tree_hash(shared.config.directory) == before
