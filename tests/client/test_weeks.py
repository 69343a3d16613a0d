"""For which week and for whom: by the source's own clock, a neighbour only near the boundary, nobody by mistake."""

import pytest

from knothole_client.source.weeks import allowed, choose, other
from knothole_client.trust import View
from knothole_keys.epoch import DAY, WEEK, end, epoch_of, start
from knothole_keys.errors import BadRecipientKey, Refused
from knothole_keys.recipient import Recipient
from tests.support.drop import Drop, make_drop

# A Thursday, far from both ends of its week.
THURSDAY = start(2970) + 3 * DAY + 1234


@pytest.fixture(scope="module")
def drop() -> Drop:
    return make_drop(recipients=["Ada", "Grace"], now=THURSDAY)


@pytest.fixture
def view(drop: Drop) -> View:
    return View(drop.chain, drop.roster)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (start(2970), [2970, 2969]),
        (start(2970) + DAY - 1, [2970, 2969]),
        (start(2970) + DAY, [2970]),
        (THURSDAY, [2970]),
        (end(2970) - DAY - 1, [2970]),
        (end(2970) - DAY, [2970, 2971]),
        (end(2970) - 1, [2970, 2971]),
    ],
)
def test_a_neighbour_is_allowed_within_a_day_of_the_boundary_only(now: int, expected: list[int]):
    assert allowed(now) == expected


def test_everybody_who_receives_reads(view: View):
    week = choose(view, THURSDAY)
    assert week.epoch == 2970
    assert {reader.name for reader in week.readers} == {"Ada", "Grace"}
    assert [reader.id for reader in week.readers] == sorted(reader.id for reader in week.readers)


def test_a_recipient_without_a_key_this_week_is_left_out_and_cannot_be_chosen():
    drop = make_drop(recipients=["Ada", "Grace"], now=THURSDAY)
    grace = next(one for one in drop.recipients.values() if one.name == "Grace")
    keys = {epoch: key for epoch, key in grace.epochs.items() if epoch != 2970}
    drop.recipients[grace.id] = Recipient(grace.id, grace.key, grace.name, grace.note, keys)
    view = View(drop.chain, drop.issue())
    assert [reader.name for reader in choose(view, THURSDAY).readers] == ["Ada"]
    with pytest.raises(Refused, match="Grace does not receive this week"):
        choose(view, THURSDAY, [grace.id])


def test_a_reader_whose_key_cannot_be_sealed_to_is_named_before_anything_is_read():
    drop = make_drop(recipients=["Ada", "Grace"], now=THURSDAY)
    grace = next(one for one in drop.recipients.values() if one.name == "Grace")
    keys = {**grace.epochs, 2970: b"\xff" * 1216}
    drop.recipients[grace.id] = Recipient(grace.id, grace.key, grace.name, grace.note, keys)
    view = View(drop.chain, drop.issue())
    with pytest.raises(BadRecipientKey, match="the key of Grace, and nothing was read"):
        choose(view, THURSDAY)
    ada = next(one for one in drop.recipients.values() if one.name == "Ada")
    assert choose(view, THURSDAY, [ada.id]).readers[0].name == "Ada"


def test_one_can_be_chosen_by_id_or_its_beginning_and_twice_is_once(view: View):
    ada = next(one for one in view.roster.recipients if one.name == "Ada")
    assert [reader.id for reader in choose(view, THURSDAY, [ada.id, ada.id[:12].upper()]).readers] == [ada.id]


@pytest.mark.parametrize("wanted", ["", "zz", "0" * 16, "Ada"])
def test_naming_nobody_is_refused(wanted: str, view: View):
    with pytest.raises(Refused, match="names nobody"):
        choose(view, THURSDAY, [wanted])


def test_when_nobody_receives_nothing_is_sealed(drop: Drop, view: View):
    with pytest.raises(Refused, match="Nobody at the drop receives"):
        choose(view, THURSDAY + 20 * WEEK)


def test_before_the_drop_began_nothing_is_sealed(view: View):
    with pytest.raises(Refused, match="check the clock"):
        choose(view, THURSDAY - 10 * WEEK)


def test_another_week_needs_a_key_of_every_reader_and_boxes_that_hold_as_much(drop: Drop, view: View):
    week = choose(view, THURSDAY)
    before = other(view, week, 2969)
    assert before is not None
    assert before.readers == week.readers
    assert other(view, week, 2968) is None
    assert other(view, week, 2970 + 20) is None
    bigger = make_drop(now=THURSDAY)
    bigger.rotate_root(size=2**19)
    grown = View(bigger.chain, bigger.issue())
    now = choose(grown, THURSDAY)
    assert epoch_of(THURSDAY + WEEK) in now.readers[0].epochs
    assert other(grown, now, 2971) is None
