"""Every refusal of the formats, named as in `keys/SPEC.md`, section 13, and grouped by the layer that refuses.

The message of an error is what a person reads: one sentence that says what is wrong and, where that is not plain, what
to do next. It never quotes key material or anything that a source wrote.
"""


class KnotholeError(Exception):
    """Something was refused; `str(error)` is one sentence for a person."""

    @property
    def name(self) -> str:
        """The refusal's name, the same in Python, JavaScript and the vectors."""
        return type(self).__name__


class Refused(KnotholeError):
    """A command cannot do what it was asked; nothing was changed."""


class CannotSeal(KnotholeError):
    """The sealer was asked for something that no box can hold or nobody could open."""


# Signed notes.
class MalformedNote(KnotholeError):
    """These bytes are not a signed note."""


class MalformedJSON(KnotholeError):
    """These bytes are not canonical JSON."""


class BadSignature(KnotholeError):
    """A signature under a key we trust does not verify: the text was changed after signing."""


class NotEnoughSignatures(KnotholeError):
    """Fewer administrators signed than the threshold asks for."""


# Roots.
class MalformedRoot(KnotholeError):
    """A root's members break the rules."""


class BrokenChain(KnotholeError):
    """The roots do not follow from one another."""


class RootExpired(KnotholeError):
    """The newest root has expired; the administrators must publish a new one."""


class RootFromFuture(KnotholeError):
    """The root was issued in the future: this machine's clock is wrong, or the administrators' is."""


class WrongDrop(KnotholeError):
    """This belongs to another drop."""


# Rosters.
class MalformedRoster(KnotholeError):
    """A roster's members break the rules."""


class RosterExpired(KnotholeError):
    """The roster has expired; the administrators must publish a new one."""


class RosterFromFuture(KnotholeError):
    """The roster was issued in the future: this machine's clock is wrong, or the administrators' is."""


class RosterRollback(KnotholeError):
    """The roster is older than one already seen."""


class RosterFork(KnotholeError):
    """Two different rosters claim the same place in the drop's history."""


class BadRecipientKey(KnotholeError):
    """A recipient's public key cannot be sealed to."""


class MalformedEnrolment(KnotholeError):
    """An enrolment's members break the rules."""


class BadCodename(KnotholeError):
    """A codename is exactly eight words of the list."""


# Boxes.
class NotABox(KnotholeError):
    """These bytes are not a box of this epoch."""


class NotForUs(KnotholeError):
    """None of our keys opens this box."""


class BoxDamaged(KnotholeError):
    """A key fits, but the contents do not verify: the box was damaged or altered."""


class MalformedHead(KnotholeError):
    """The box opened, but its contents break the layout."""


class ForeignPart(KnotholeError):
    """The part does not belong to the stream that it names."""


# Letters.
class MalformedLetter(KnotholeError):
    """The letter breaks the rules."""


class BadLetterSignature(KnotholeError):
    """The letter was not signed by the thread that it names, or not for this drop."""


class BadFileName(KnotholeError):
    """A file name in the letter could do harm, or occurs twice."""


# Reply slots.
class MalformedBoard(KnotholeError):
    """These bytes are not a whole number of reply slots."""
