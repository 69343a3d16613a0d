"""What runs out is said in time, of the right person, with the day and the command; and nothing is said without need."""

import json
from pathlib import Path

import pytest

from knothole_keys import clock, running_out
from knothole_keys.epoch import DAY, WEEK, end, epoch_of
from knothole_keys.running_out import Own, Warned
from tests.support.drop import Drop, make_drop
from tests.support.newsroom import Newsroom

# A Tuesday.
NOW = 1795564800
THIS = epoch_of(NOW)


@pytest.fixture(scope="module")
def drop() -> Drop:
    return make_drop(recipients=["Dana", "Lee"], now=NOW)


def said(drop: Drop, now: int, own: Own | None = None) -> list[Warned]:
    return running_out.warnings(drop.chain, drop.roster, now, own)


def kinds(drop: Drop, now: int, own: Own | None = None) -> list[str]:
    return [one.kind for one in said(drop, now, own)]


def own(drop: Drop, *epochs: int) -> Own:
    return Own(drop.readers[0].recipient.id, set(epochs), "knothole desk enrol V -o F")


def short_drop(weeks: int, days: int = 14) -> Drop:
    """A drop whose first reader has keys for `weeks` weeks from this one on, the second for many more."""
    made = make_drop(recipients=["Dana", "Lee"], now=NOW, weeks=12)
    dana = made.readers[0].recipient
    kept = {epoch: key for epoch, key in dana.epochs.items() if epoch < THIS + weeks}
    made.recipients[dana.id] = type(dana)(dana.id, dana.key, dana.name, dana.note, kept)
    made.issue(days=days)
    return made


def test_nothing_is_said_while_all_is_far_off(drop: Drop) -> None:
    assert said(drop, NOW) == []
    assert said(drop, NOW, own(drop, *range(THIS, THIS + 8))) == []


@pytest.mark.parametrize(
    ("days", "before"), [(14, 7), (35, 18), (4, 2)], ids=["seven of fourteen", "eighteen of thirty-five", "two of four"]
)
def test_a_roster_is_warned_of_in_the_second_half_of_its_life(days: int, before: int) -> None:
    drop = make_drop(now=NOW, weeks=9)
    expires = drop.issue(days=days).expires
    assert "roster" not in kinds(drop, expires - before * DAY - 1)
    for now, word in ((expires - before * DAY, "runs out on"), (expires - 1, "runs out on"), (expires, "ran out on")):
        (one,) = [one for one in said(drop, now) if one.kind == "roster"]
        assert f"{word} {clock.day_of(expires)}" in one.text
        assert "1 administrator signs" in one.text
        assert "`knothole courier publish`" in one.text
    assert "not lost" in one.text


def test_a_root_is_warned_of_eight_weeks_ahead(drop: Drop) -> None:
    expires = drop.chain.current.expires
    assert "root" not in kinds(drop, expires - 8 * WEEK - 1)
    for now, word in ((expires - 8 * WEEK, "runs out on"), (expires, "ran out on")):
        (one,) = [one for one in said(drop, now) if one.kind == "root"]
        assert f"{word} {clock.day_of(expires)}" in one.text
        assert "rotate-root" in one.text


def test_a_reader_whose_keys_end_before_the_roster_is_named_with_the_day() -> None:
    drop = short_drop(weeks=2)
    (one,) = said(drop, NOW)
    assert (one.kind, one.id) == ("keys", drop.readers[0].recipient.id)
    assert one.until == clock.day_of(end(THIS + 1) - 1)
    assert one.text.startswith(f"Dana has no key after {one.until}: Dana must run `knothole desk enrol`")


def test_a_reader_whose_keys_last_as_long_as_the_roster_is_not_named() -> None:
    assert said(short_drop(weeks=3), NOW) == []


def test_of_a_long_roster_keys_are_named_three_weeks_ahead_and_not_earlier() -> None:
    drop = short_drop(weeks=4, days=35)
    last = end(THIS + 3)
    assert kinds(drop, last - 3 * WEEK - 1) == []
    assert kinds(drop, last - 3 * WEEK) == ["keys"]


def test_a_reader_without_a_key_this_week_receives_nothing_and_that_is_said() -> None:
    drop = short_drop(weeks=1)
    (one,) = [one for one in said(drop, NOW + WEEK) if one.kind == "keys"]
    assert "Dana has no key for this week and receives nothing" in one.text


def test_a_gap_counts_as_an_end(drop: Drop) -> None:
    with_gap = own(drop, THIS, THIS + 1, *range(THIS + 3, THIS + 12))
    assert said(drop, NOW, with_gap)[0].until == clock.day_of(end(THIS + 1) - 1)


def test_a_desk_hears_of_its_own_keys_first_three_weeks_ahead_with_the_command(drop: Drop) -> None:
    keys = own(drop, *range(THIS, THIS + 8))
    due = end(THIS + 7) - 3 * WEEK
    assert "own" not in kinds(drop, due - 1, keys)
    first = said(drop, due, keys)[0]
    assert first.kind == "own"
    assert first.text.startswith(f"This desk has no key after {first.until}: run `knothole desk enrol V -o F`")


def test_a_desk_whose_new_keys_are_not_on_the_roster_hears_that_its_enrolment_was_not_taken_in() -> None:
    drop = short_drop(weeks=2)
    (one,) = said(drop, NOW, own(drop, *range(THIS, THIS + 8)))
    assert one.kind == "own"
    assert "though this desk has made more" in one.text


# The same sentences from every command that is to say them.


@pytest.fixture
def room(tmp_path: Path, passphrase: Path) -> Newsroom:
    """Two journalists, the first with keys for three weeks, on a roster of five."""
    room = Newsroom(tmp_path)
    room("keys", "init", room.drop, "--name", "The Example", "--admins", 3, "--threshold", 2)
    room.join("Dana", weeks=3)
    room.join("Lee")
    room("server", "init", room.path / "server", "--root", room.drop / "root.note")
    room("keys", "roster", room.drop, "--admin", "admin-1", "--days", 35, "-o", room.roster)
    room("keys", "cosign", room.drop, room.roster, "--admin", "admin-2")
    room.token.write_text(room("server", "courier-token", room.path / "server"))
    return room


def test_server_courier_and_desk_say_the_same(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def echo(message: object = "", err: bool = False, **_: object) -> None:
        (told if err else printed).append(str(message))

    def lines(*arguments: object) -> list[str]:
        told.clear()
        printed.clear()
        room(*arguments)
        return [line.removeprefix("Warning: ") for line in told if line.startswith("Warning: ")]

    printed: list[str] = []
    monkeypatch.setattr("click.echo", echo)
    room("server", "publish", room.path / "server", room.roster)
    dana = room.vault("Dana")
    found = lines("server", "status", room.path / "server")
    assert len(found) == 1
    assert found[0].startswith("Dana has no key after ")
    with room.serving() as url:
        assert lines("courier", "fetch", url, "--token-file", room.token, "--out", room.out, "--root", "") == found
        assert lines("courier", "post", url, "--token-file", room.token) == found
        assert lines("courier", "publish", url, "--token-file", room.token, room.roster) == found
    lee = lines("desk", "roster", room.vault("Lee"), room.out / "roster.note")
    assert lee == found
    assert lines("desk", "list", room.vault("Lee")) == found
    # Dana hears it as a matter of her own, with the command that mends it.
    (own,) = lines("desk", "import", dana, room.out, "--json")
    assert f"run `knothole desk enrol {dana} -o " in own
    warned = json.loads("".join(printed))["warnings"]
    assert [one["kind"] for one in warned] == ["own"]
    assert warned[0]["text"] == own
    lines("server", "status", room.path / "server", "--json")
    assert [one["text"] for one in json.loads("".join(printed))["warnings"]] == found
    lines("desk", "list", room.vault("Lee"), "--json")
    assert [one["text"] for one in json.loads("".join(printed))["warnings"]] == found
    # The command that it names mends it.
    command = own.split("`")[1].split()
    room(*command[1:-1], room.path / "again.enrolment")
    assert lines("desk", "enrol", dana, "-o", room.path / "again.enrolment", "--json")[0].startswith(
        "The roster has no key of this desk after "
    )
