"""Two finished roots of one version, and signatures written over: neither comes about by running a command twice."""

from tests.keys.test_rotate_root import Machines, machines

__all__ = ["machines"]


def test_nobody_proposes_or_signs_two_roots_of_one_version(machines: Machines) -> None:
    room, one, two = machines.newsroom, machines.newsroom.path / "one.roots", machines.newsroom.path / "two.roots"
    room("rotate-root", machines["ann"], "-o", one)
    another = ("rotate-root", machines["ann"], "--retention", 14, "-o", two)
    machines.refused(*another, saying="Another root 2 was signed in")
    room(*another, "--instead")
    room("cosign", machines["ben"], one)
    machines.refused("cosign", machines["ben"], two, saying="--instead")
    assert "CAREFUL: Another root 2" in room("cosign", machines["ann"], one)
    room("cosign", machines["eve"], two)


def test_a_signed_root_is_replaced_with_instead_by_a_cosigner(machines: Machines) -> None:
    machines.key("dan")
    room, one, two = machines.newsroom, machines.newsroom.path / "one.roots", machines.newsroom.path / "two.roots"
    room("rotate-root", machines["ann"], "--threshold", 3, "-o", one)
    room("cosign", machines["ben"], one)
    room("rotate-root", machines["ann"], "--instead", "-o", two)
    machines.refused("cosign", machines["ben"], two, saying="Another root 2 was signed in")
    room("cosign", machines["ben"], two, "--instead")
    assert len(machines.chain("ben").roots) == 2


def test_no_root_is_written_over_anothers_signature(machines: Machines) -> None:
    machines.rotate("ann", "--threshold", 3)
    machines.cosign("ben")
    again = ("rotate-root", machines["ann"], "--instead", "-o", machines.file)
    machines.refused(*again, saying="has the signature of ben")


def test_no_roster_is_written_over_anothers_signature(machines: Machines) -> None:
    path = machines.newsroom.path / "roster.note"
    again = ("roster", machines["ann"], "-o", path)
    machines.newsroom(*again)
    machines.newsroom("cosign", machines["ben"], path)
    machines.refused(*again, saying="has the signature of ben")
    machines.newsroom("cosign", machines["ann"], path)
    machines.newsroom(*again)
