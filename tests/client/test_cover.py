"""`courier cover`: boxes for nobody that nobody can tell from sources', and audits that notice when one is gone."""

import hashlib
import time
from collections.abc import Callable

import pytest

from knothole_client.audit.cover import keep_uploading
from knothole_client.http import Unreachable
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import RosterExpired, WrongDrop
from tests.client.altering import Change, altering, audit, codes, command
from tests.client.conftest import MONDAY as NOW
from tests.client.served import Asked, Reply
from tests.support.newsroom import Newsroom


def once(room: Newsroom, url: str | None = None) -> None:
    arguments = ["--root", room.fingerprint, "--state", room.path / "state", "--per-day", 5, "--once"]
    code, _, err = command("courier", "cover", url or room.url, *arguments)
    assert code == 0, err


def test_one_box_needs_no_number_of_boxes_a_day_and_going_on_does(room: Newsroom):
    arguments = ["courier", "cover", room.url, "--root", room.fingerprint]
    assert command(*arguments, "--once")[0] == 0
    code, _, said = command(*arguments)
    assert code == 2
    assert "--per-day" in said


def test_a_cover_box_is_asked_for_as_a_sources_and_opens_for_nobody(room: Newsroom):
    with altering(room.url) as (url, asked):
        once(room, url)
        cover = [(one.method, one.path.rpartition("/")[0], len(one.body)) for one in asked if "." not in one.path][1:]
        asked.clear()
        room("source", "send", url, "--root", room.fingerprint, "-m", "x")
        real = [(one.method, one.path.rpartition("/")[0], len(one.body)) for one in asked]
    assert cover == real
    room.fetch()
    assert len(list(room.out.glob("*/*.box"))) == 2
    said = room("desk", "import", room.vault("Ann"), room.out)
    assert room.messages("Ann") == ["x"], said


@pytest.mark.whole
def test_boxes_that_were_acknowledged_are_missed_when_they_are_gone(room: Newsroom, turn: Callable[[int], None]):
    once(room)
    once(room)
    code, report = audit(room, room.url, "--token-file", room.token)
    assert (code, codes(report), report["seen"]["cover"]) == (0, [], 2)
    state = room.path / "state"
    epoch = epoch_of(NOW)
    lines = (state / "cover" / str(epoch)).read_text().splitlines()
    ours = bytes.fromhex(lines[1].split()[0])

    def lose(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        if asked.path == "/boxes/missing":
            bits = int.from_bytes(body, "big")
            ids = [asked.body[start : start + 16] for start in range(4, len(asked.body), 16)]
            bits |= (1 << 1023 - ids.index(ours)) if ours in ids else 0
            body = bits.to_bytes(128, "big")
        return status, body, headers

    def unlist(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        if asked.path.startswith("/courier/boxes?"):
            entries = [body[start : start + 48] for start in range(0, len(body), 48)]
            body = b"".join(one for one in entries if one[:16] != ours)
        return status, body, headers

    def other(asked: Asked, status: int, body: bytes, headers: dict[str, str]) -> Reply:
        if asked.path.startswith("/courier/boxes?"):
            place = body.find(ours) + 16
            body = body[:place] + hashlib.sha256(b"other").digest() + body[place + 32 :] if place > 15 else body
        return status, body, headers

    for change, expected in ((lose, "box_lost"), (unlist, "box_lost"), (other, "box_changed")):
        with altering(room.url, change) as (url, _):
            code, report = audit(room, url, "--token-file", room.token)
        assert (code, codes(report)) == (1, [expected])
        assert "1 of the cover boxes" in report["findings"][0]["sentence"]
        assert any(ours.hex() in path.read_text() for path in (state / "evidence").glob(f"*{expected}*"))
    assert audit(room, room.url, "--token-file", room.token)[0] == 0

    # What the server may delete is asked for no more; what it must still keep is, weeks later.
    turn(NOW + 20 * DAY)
    room.publish()
    with altering(room.url, lose) as (url, _):
        assert codes(audit(room, url)[1]) == ["box_lost"]
    turn(NOW + 45 * DAY)
    # By the server's clock its boxes are due; the lists' signed date has to say so, too.
    with altering(room.url, lose) as (url, _):
        assert "box_lost" in codes(audit(room, url)[1])
    room.token.write_text(room("server", "courier-token", room.path / "server"))
    room.join("Ann", weeks=8)
    room.publish()
    with altering(room.url, lose) as (url, _):
        assert "box_lost" not in codes(audit(room, url)[1])


def test_a_token_that_is_not_taken_is_a_warning_and_the_rest_is_audited(room: Newsroom):
    room.token.write_text("not.a.token")
    code, report = audit(room, room.url, "--token-file", room.token)
    assert (code, codes(report)) == (3, ["token_refused"])


def test_gaps_are_exponential_and_what_passes_is_waited_for():
    gaps: list[float] = []
    errors = [RosterExpired("Expired."), RosterExpired("Expired."), Unreachable("Away."), None, WrongDrop("Other.")]
    said: list[str] = []

    def one() -> None:
        error = errors.pop(0)
        if error:
            raise error

    with pytest.raises(WrongDrop):
        keep_uploading(one, 5, gaps.append, said.append)
    assert [line.split()[0] for line in said] == ["No", "No", "Cover:"]
    assert len(gaps) == 5

    errors = [None] * 2000 + [WrongDrop("Other.")]
    gaps.clear()
    with pytest.raises(WrongDrop):
        keep_uploading(one, 5, gaps.append, said.append)
    mean = sum(gaps) / len(gaps)
    assert 0.85 < mean / (DAY / 5) < 1.15
    assert 0.30 < sum(gap > mean for gap in gaps) / len(gaps) < 0.44


def test_without_a_roster_in_force_nothing_is_sealed_and_it_is_said(room: Newsroom, turn: Callable[[int], None]):
    turn(NOW + 15 * DAY)
    arguments = ["--root", room.fingerprint, "--state", room.path / "state", "--per-day", 5, "--once"]
    code, _, err = command("courier", "cover", room.url, *arguments)
    assert (code, "expired" in err) == (1, True)
    assert not (room.path / "state" / "cover").exists()


def busy(path: str) -> Change:
    return lambda asked, status, body, headers: (503, b"", {}) if asked.path == path else (status, body, headers)


def end_the_first_week(room: Newsroom, turn: Callable[[int], None]) -> None:
    """A cover box whose week the server has lawfully deleted meanwhile, under a roster that the last audit has not seen."""
    once(room)
    assert audit(room, room.url)[0] == 0
    room.token.write_text(room("server", "courier-token", "--days", 300, room.path / "server"))
    for week in range(1, 7):
        turn(NOW + 7 * DAY * week)
        room.join("Ann")
        room.publish()
    stored = room.path / "server"
    deadline = 200
    while list(stored.rglob(f"*{epoch_of(NOW)}.slab")) and deadline:
        deadline -= 1
        time.sleep(0.05)
    assert not list(stored.rglob(f"*{epoch_of(NOW)}.slab"))


@pytest.mark.whole
@pytest.mark.parametrize("path", ["/roster", "/roots"])
def test_lists_that_do_not_come_make_no_lawfully_deleted_box_a_lost_one(room: Newsroom, turn: Callable[[int], None], path: str):
    end_the_first_week(room, turn)
    with altering(room.url, busy(path)) as (url, _):
        code, report = audit(room, url)
    assert set(codes(report)) == {"unreachable"}
    assert code == 4


def test_a_raised_retention_makes_no_lawfully_deleted_box_a_lost_one(room: Newsroom, turn: Callable[[int], None]):
    end_the_first_week(room, turn)
    out = room.path / "next.root"
    room("keys", "rotate-root", room.drop, "--admin", "admin-1", "--retention", 200, "-o", out)
    room("keys", "cosign", room.drop, out, "--admin", "admin-2")
    room.issue()
    room("server", "publish", room.path / "server", room.roster, "--roots", out)
    with altering(room.url) as (url, _):
        deadline = 200
        while len(audit(room, url)[1]["seen"]["roots"]) < 2 and deadline:
            deadline -= 1
            time.sleep(0.05)
    assert codes(audit(room, room.url)[1]) == []
