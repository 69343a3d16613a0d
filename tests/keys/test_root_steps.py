"""A file may hold several roots that a folder has not seen: whoever signs or takes in the newest is told what each changes."""

import pytest

from tests.keys.admins import Newsroom
from tests.keys.test_rotate_root import Machines

JOINS = "JOINS the administrators: mallory+"


@pytest.fixture
def machines(newsroom: Newsroom) -> Machines:
    """Ann and Ben have finished root 2, by which Mallory joins, and hidden it from Eve under a root 3 that only renews."""
    machines = Machines(newsroom)
    machines.key("mallory")
    machines.rotate("ann", "--add-admin", machines.pub("mallory"))
    machines.cosign("ben", "ann")
    said = machines.rotate("ann")
    assert "It renews root 2" in said
    assert JOINS not in said, "Ann's folder has root 2"
    return machines


def check_told(said: str) -> None:
    assert "2 roots that you have not seen" in said
    first, then, whole = (
        said.index(line) for line in ("From root 1 to root 2:", "From root 2 to root 3:", "All steps together")
    )
    assert first < said.index(JOINS) < then < said.index("It renews root 2") < whole < said.rindex(JOINS)


def test_who_signs_the_newest_root_is_told_what_the_unseen_one_before_it_changes(machines: Machines) -> None:
    said = machines.cosign("eve")
    check_told(said)
    assert said.index("All steps together") < said.index("Root 3 has all signatures"), "words come before the signature"


def test_who_takes_finished_roots_in_is_told_every_step(machines: Machines) -> None:
    machines.cosign("ben")
    check_told(machines.cosign("eve"))
    said = machines.cosign("eve")
    assert JOINS not in said, "all of it was seen by now"
    assert "It renews root 2" in said


def test_who_takes_roots_instead_of_their_own_is_told_which_and_every_step(machines: Machines) -> None:
    hidden = machines.file.read_bytes()
    machines.file.unlink()
    machines.rotate("eve", "--retention", 7)
    # Eve's own second root was signed by Eve and, say, by Ben on another machine, which remembers nothing of his first.
    (machines["ben"] / "root.next").unlink()
    (machines["ben"] / "root.note").write_bytes((machines["eve"] / "root.note").read_bytes())
    machines.cosign("ben")
    machines.cosign("eve")
    machines.file.write_bytes(hidden)
    said = machines.newsroom("cosign", machines["eve"], machines.file, "--instead")
    assert "REPLACES root 2 of this folder" in said
    check_told(said)


def test_what_joins_and_leaves_again_is_shown_though_nothing_is_different_at_the_end(newsroom: Newsroom) -> None:
    machines = Machines(newsroom)
    for change in (("--threshold", 3), ("--threshold", 2)):
        machines.rotate("ann", *change)
        machines.cosign("ben", "eve", "ann")
    said = machines.newsroom("show", machines.file)
    assert "This file has 3 roots." in said
    assert "THRESHOLD: 3 must agree" in said
    assert "Nothing is different at the end." in said
