"""Changing the root at the command line: one file travels, each sees what it signs, refusals change nothing."""

from pathlib import Path

import pytest

from knothole_keys import clock, note
from knothole_keys.admin import folder
from knothole_keys.epoch import DAY, WEEK, epoch_of, start
from knothole_keys.root import Chain, read_chain
from knothole_keys.roster import read_roster
from tests.keys.admins import NOW, Newsroom, desk, weekly

WEEK_NOW = epoch_of(NOW)


class Machines:
    """Administrators ann, ben and eve (two must agree), each with a folder, and one file that travels between them."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom, self.file = newsroom, newsroom.path / "travelling.note"
        for name in ("ann", "ben", "eve"):
            self.key(name)
        publics = [word for name in ("ann", "ben", "eve") for word in ("--admin-key", self.pub(name))]
        newsroom("init", self["ann"], "--name", "Three", *publics, "--threshold", 2, "--slots", 2)
        self.file.write_bytes((self["ann"] / "root.note").read_bytes())
        self.cosign("ben", "eve", "ann", "ben")

    def __getitem__(self, name: str) -> Path:
        return self.newsroom.path / name

    def pub(self, name: str) -> Path:
        return self.newsroom.path / f"{name}.pub"

    def key(self, name: str) -> None:
        self.newsroom("admin", self[name], "--name", name, "-o", self.pub(name))

    def rotate(self, name: str, *options: object) -> str:
        return self.newsroom("rotate-root", self[name], *options, "-o", self.file)

    def cosign(self, *names: str) -> str:
        return [self.newsroom("cosign", self[name], self.file) for name in names][-1]

    def refused(self, *arguments: object, saying: str) -> None:
        self.newsroom.refused(*arguments, saying=saying)

    def chain(self, name: str) -> Chain:
        return read_chain((self[name] / "root.note").read_bytes())


@pytest.fixture
def machines(newsroom: Newsroom) -> Machines:
    return Machines(newsroom)


def test_a_lost_key_is_replaced_on_four_machines(machines: Machines) -> None:
    drop_id = machines.chain("ann").drop_id
    machines.key("eve-2")
    said = machines.rotate("ann", "--remove-admin", "eve", "--add-admin", machines.pub("eve-2"))
    assert "JOINS the administrators: eve-2+" in said
    assert "LEAVES the administrators: eve+" in said
    assert "1 more of the old administrators (ben or eve), 1 more of the new administrators (ben or eve-2)" in said
    assert len(machines.chain("ann").roots) == 1, "a half-signed root is not taken in"
    said = machines.cosign("eve-2")
    assert "COMPARE the fingerprint" in said
    assert "Still missing: 1 more of the old administrators (ben or eve)." in said
    assert not (machines["eve-2"] / "root.note").exists()
    said = machines.cosign("ben")
    assert said.index("LEAVES") < said.index("Root 2 has all signatures"), "words come before the signature"
    machines.cosign("ann", "eve-2")
    for name in ("ann", "ben", "eve-2"):
        chain = machines.chain(name)
        assert (len(chain.roots), chain.drop_id) == (2, drop_id)
        assert [key.name for key in chain.current.admins] == ["ann", "ben", "eve-2"]


def test_an_unfinished_root_says_in_show_and_in_use_who_is_missing(machines: Machines) -> None:
    machines.rotate("ann", "--threshold", 3)
    assert "Still missing: 1 more of the old administrators (ben or eve), 2 more of the new administrators (ben and eve)." in (
        machines.newsroom("show", machines.file)
    )
    machines.refused("fingerprint", machines.file, saying="still missing: 1 more (ben or eve)")
    machines.cosign("ben")
    machines.refused("fingerprint", machines.file, saying="still missing: 1 more (eve)")
    machines.refused("cosign", machines["ben"], machines.file, saying="1 more of the new administrators (eve)")
    machines.cosign("eve")
    machines.newsroom("fingerprint", machines.file)


def test_a_half_signed_roster_says_who_is_missing(machines: Machines) -> None:
    path = machines.newsroom.path / "roster.note"
    said = machines.newsroom("roster", machines["ann"], "-o", path)
    assert "still missing: 1 more of the administrators (ben or eve)" in said
    said = machines.newsroom("show", path, "--root", machines["ann"] / "root.note")
    assert "Signed by: ann (2 needed); still missing: 1 more of the administrators (ben or eve)." in said
    machines.refused("cosign", machines["ann"], path, saying="ann has signed this already; still missing: 1 more")
    assert "give it to the courier" in machines.newsroom("cosign", machines["eve"], path)


def test_after_the_change_only_rosters_of_the_new_administrators_count(machines: Machines) -> None:
    old, path = machines.newsroom.path / "old.note", machines.newsroom.path / "roster.note"
    machines.newsroom("roster", machines["eve"], "-o", old)
    machines.key("dan")
    machines.rotate("ann", "--remove-admin", "eve", "--add-admin", machines.pub("dan"))
    machines.cosign("ben", "ann", "dan")
    machines.refused("cosign", machines["ben"], old, saying="superseded")
    machines.newsroom("roster", machines["dan"], "-o", path)
    machines.newsroom("cosign", machines["ben"], path)
    assert read_roster(path.read_bytes(), machines.chain("ann"), now=NOW).root_version == 2
    # Eve's folder never took the change in: her machine neither signs under it nor makes a roster that counts.
    machines.refused("cosign", machines["eve"], path, saying="newer root")
    machines.cosign("eve")
    machines.refused("roster", machines["eve"], "-o", path, saying="not an administrator of this drop")


def test_a_removed_administrators_line_on_a_roster_is_named_and_not_counted(machines: Machines) -> None:
    path = machines.newsroom.path / "roster.note"
    machines.rotate("ann", "--remove-admin", "eve")
    machines.cosign("ben", "ann", "eve")
    machines.newsroom("roster", machines["ann"], "-o", path)
    parsed = note.parse(path.read_bytes())
    eve = next(
        line
        for line in note.parse(machines["eve"].joinpath("root.note").read_bytes().split(b"\n{")[0] + b"\n").signatures
        if line[0] == "eve"
    )
    path.write_bytes(note.Note(parsed.text, parsed.value, (*parsed.signatures, eve)).data)
    said = machines.newsroom("cosign", machines["ben"], path)
    assert "NOT COUNTED: the signature of eve" in said


def test_new_boxes_begin_no_earlier_than_a_week_that_no_server_has_opened(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    bigger = ("--box-size", 2**21, "--slots", 8)
    soon = ("rotate-root", machines["ann"], *bigger, "-o", machines.file, "--from-epoch")
    machines.refused(*soon, WEEK_NOW, saying=f"from epoch {WEEK_NOW + 1} on")
    # A day before a week begins, the server makes its slab and takes boxes of sources whose clocks are ahead.
    monkeypatch.setattr(clock, "now", lambda: start(WEEK_NOW + 1) - DAY)
    machines.refused(*soon, WEEK_NOW + 1, saying=f"from epoch {WEEK_NOW + 2} on")
    monkeypatch.setattr(clock, "now", lambda: start(WEEK_NOW + 1) - DAY - 1)
    said = machines.rotate("ann", *bigger, "--from-epoch", WEEK_NOW + 1)
    assert f"BOXES from epoch {WEEK_NOW + 1} on" in said
    assert "2097152 bytes, 8 slots; until then 1048576 bytes, 2 slots" in said
    # Signing took too long: the next administrator does not sign what the server would refuse.
    monkeypatch.setattr(clock, "now", lambda: start(WEEK_NOW + 1) - DAY)
    machines.refused("cosign", machines["ben"], machines.file, saying="it came too late")
    # Without --from-epoch there is a week at least for signing.
    machines.rotate("ann", *bigger, "--instead")
    machines.cosign("ben")
    current = machines.chain("ben").current
    old, new = current.geometry(WEEK_NOW + 1), current.geometry(WEEK_NOW + 3)
    assert old
    assert new
    assert ((old.size, old.slots), (new.size, new.slots)) == ((2**20, 2), (2**21, 8))


def test_a_finished_root_that_was_never_published_in_time_is_replaced(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.rotate("ann", "--slots", 8)
    machines.cosign("ben", "ann")
    late = machines.chain("ann").current.note.hash
    monkeypatch.setattr(clock, "now", lambda: NOW + 3 * WEEK)
    machines.rotate("ann", "--slots", 8, "--instead")
    machines.refused("cosign", machines["ben"], machines.file, saying="Ask all others which one the server has")
    machines.newsroom("cosign", machines["ben"], machines.file, "--instead")
    assert len(machines.chain("ben").roots) == 2
    assert machines.chain("ben").current.note.hash != late
    machines.refused("cosign", machines["ann"], machines.file, saying="Ask all others")


def test_renewing_says_that_nothing_else_changes(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    # Even after the root ran out: without this the drop would be lost on that day.
    monkeypatch.setattr(clock, "now", lambda: NOW + 366 * DAY)
    machines.refused("roster", machines["ann"], "-o", machines.file, saying="root has expired")
    said = machines.rotate("ann", "--days", 300)
    assert "It renews root 1" in said
    assert "Still missing: 1 more of the administrators (ben or eve)" in said
    machines.cosign("ben", "ann")
    assert machines.chain("ann").current.expires == NOW + 666 * DAY
    machines.newsroom("roster", machines["ann"], "-o", machines.newsroom.path / "roster.note")


def test_retention_and_slots_are_told_and_used(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Dana", "Lee"):
        machines.newsroom("add", machines["ann"], _enrolment(machines, name))
    kim = _enrolment(machines, "Kim")
    machines.refused("add", machines["ann"], kim, saying="2 slots")
    said = machines.rotate("ann", "--retention", 14, "--slots", 3)
    assert "KEPT: a week's boxes for 14 days after it, 28 until now." in said
    machines.cosign("ben", "ann")
    monkeypatch.setattr(clock, "now", lambda: NOW + 3 * WEEK)
    machines.newsroom("add", machines["ann"], kim)
    machines.newsroom("roster", machines["ann"], "-o", machines.newsroom.path / "roster.note")


def _enrolment(machines: Machines, name: str) -> Path:
    drop_id = machines.chain("ann").drop_id.hex()
    return machines.newsroom.enrol(desk(), weekly(WEEK_NOW, 2), name=name, drop_id=drop_id)


@pytest.mark.parametrize(
    ("options", "saying"),
    [
        (("--remove-admin", "zoe"), "no administrator zoe in root 1; its administrators are ann, ben, eve"),
        (("--add-admin", "ben.pub"), "ben is an administrator of this drop already"),
        (("--add-admin", "other/ben.pub"), "distinct"),
        (("--remove-admin", "ben", "--add-admin", "other/ben.pub"), "a name of its own"),
        (("--remove-admin", "ben", "--remove-admin", "eve"), "1 administrators cannot give 2 signatures"),
        (("--threshold", 4), "3 administrators cannot give 4 signatures"),
        (("--box-size", 1_000_000), "not a power of two"),
        (("--slots", 17), "not a whole number within its limits"),
        (("--retention", 0), "not a whole number within its limits"),
        (("--days", 404), "not a whole number within its limits"),
        (("--days", 0), "not a whole number within its limits"),
        (("--from-epoch", 9999), "Say what is to change"),
        (("--instead",), "The first root cannot be replaced"),
        (("--admin", "zoe"), "There is no key of zoe"),
        (("--add-admin", "missing.pub"), "cannot be read"),
    ],
)
def test_a_change_that_is_refused_leaves_everything(machines: Machines, options: tuple[object, ...], saying: str) -> None:
    path = machines.newsroom.path
    (path / "other").mkdir()
    machines.newsroom("admin", path / "other", "--name", "ben", "-o", path / "other" / "ben.pub")
    placed = [path / str(one) if str(one).endswith(".pub") else one for one in options]
    machines.refused("rotate-root", machines["ann"], *placed, "-o", path / "next.note", saying=saying)


def test_a_removed_key_never_comes_back(machines: Machines) -> None:
    machines.rotate("ann", "--remove-admin", "eve")
    machines.cosign("ben", "ann")
    back = ("rotate-root", machines["ann"], "--add-admin", machines.pub("eve"), "-o", machines.file)
    machines.refused(*back, saying="was removed; it may be stolen")


def test_two_root_changes_of_one_version_are_told_apart(machines: Machines) -> None:
    machines.rotate("ann", "--threshold", 3)
    ours = machines.file.read_bytes()
    machines.file.unlink()
    machines.rotate("eve", "--retention", 7)
    machines.cosign("ben", "eve")
    machines.file.write_bytes(ours)
    machines.refused("cosign", machines["ben"], machines.file, saying="somebody made two of one version")


def test_older_roots_other_drops_and_strangers_are_refused(machines: Machines, newsroom: Newsroom) -> None:
    first = machines.file.read_bytes()
    machines.rotate("ann", "--retention", 7)
    machines.key("zoe")
    half = machines.file.read_bytes()
    machines.refused("cosign", machines["zoe"], machines.file, saying="zoe is not an administrator in this root")
    machines.cosign("ben", "ann")
    machines.file.write_bytes(first)
    machines.refused("cosign", machines["ben"], machines.file, saying="older than those in")
    machines.refused("cosign", newsroom.drop, machines.file, "--admin", "admin-1", saying="of another drop")
    machines.file.write_bytes(half[len(first) :])
    machines.refused("cosign", machines["ben"], machines.file, saying="first root of the drop is missing")
    machines.file.write_bytes(half.replace(b'"retention_days":7', b'"retention_days":9'))
    machines.refused("cosign", machines["ben"], machines.file, saying="changed after signing")
    machines.refused("show", machines.file, saying="changed after signing")
    machines.refused("cosign", machines["nobody"], machines.file, saying="changed after signing")


def test_a_root_that_skips_one_is_refused_and_a_folder_that_missed_one_catches_up(machines: Machines) -> None:
    first = len(machines.file.read_bytes())
    machines.rotate("ann", "--retention", 7)
    machines.cosign("ben", "ann")
    second = len(machines.file.read_bytes())
    machines.rotate("ann", "--retention", 8)
    whole = machines.file.read_bytes()
    machines.file.write_bytes(whole[:first] + whole[second:])
    machines.refused("cosign", machines["eve"], machines.file, saying="do not follow from one another")
    machines.file.write_bytes(whole)
    machines.cosign("eve")
    assert machines.chain("eve").current.retention_days == 8


def test_a_finished_roster_is_taken_in_by_whoever_is_new(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_GAP", 2)
    path = machines.newsroom.path / "roster.note"
    machines.key("dan")
    machines.rotate("ann", "--add-admin", machines.pub("dan"))
    machines.cosign("ben", "ann", "dan")
    for _ in range(2):
        machines.newsroom("roster", machines["ann"], "-o", path)
    machines.newsroom("cosign", machines["ben"], path)
    machines.newsroom("cosign", machines["ann"], path)
    machines.newsroom("roster", machines["ann"], "-o", path)
    # One administrator alone could otherwise have a newcomer sign the last version that there is.
    machines.refused("cosign", machines["dan"], path, saying="leaps far ahead")
    machines.newsroom("cosign", machines["ben"], path)
    before = path.read_bytes()
    assert "knows it now" in machines.newsroom("cosign", machines["dan"], path)
    assert path.read_bytes() == before
    machines.newsroom("cosign", machines["ann"], path)
    machines.newsroom("roster", machines["ann"], "-o", path)
    machines.newsroom("cosign", machines["dan"], path)
