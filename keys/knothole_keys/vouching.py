"""What an administrator must know before cosigning a roster: that it says of each journalist what they enrolled with.

A roster's weekly keys and names carry no proof of their own. Whoever signs first could slip a key of their own under a
journalist's name, swap two names, or leave out the very weeks that are to come; so each is compared with the enrolments
taken in here, or with the last roster kept here. Pure: no files, no clock.
"""

from collections.abc import Iterable, Mapping, Sequence

from knothole_keys.epoch import days, epoch_of
from knothole_keys.errors import Refused
from knothole_keys.recipient import Recipient
from knothole_keys.roster import Roster

Keys = Mapping[str, Mapping[int, bytes]]


def check(roster: Roster, *, enrolled: Iterable[Recipient], revoked: Iterable[str], last: Sequence[Roster], keys: Keys) -> None:
    """Refuse a roster that says something else of a recipient than is known here.

    `enrolled` are those taken in here, `revoked` the ids of those sent away here, `last` the newest roster kept here (or
    none), `keys` every weekly key ever shown, by recipient id and epoch. Raises Refused.
    """
    known = {recipient.id: recipient for one in last for recipient in one.recipients}
    known |= {recipient.id: recipient for recipient in enrolled}
    gone = set(revoked)
    for recipient in roster.recipients:
        if recipient.id in gone:
            raise Refused(f"{recipient.id} was revoked here; take their enrolment in with `keys add --again` before you sign.")
        _check_keys(recipient, keys.get(recipient.id, {}))
        _check_weeks(recipient, keys.get(recipient.id, {}), range(epoch_of(roster.issued), epoch_of(roster.expires - 1) + 1))
        _check_naming(recipient, known.get(recipient.id))


def _check_keys(recipient: Recipient, own: Mapping[int, bytes]) -> None:
    for epoch, key in recipient.epochs.items():
        if epoch not in own:
            raise Refused(
                f"No enrolment taken in here has the key of {recipient.id} for epoch {epoch}: get the enrolment from "
                f"the journalist, take it in with `keys add`, then sign."
            )
        if own[epoch] != key:
            raise Refused(
                f"The key of {recipient.id} for epoch {epoch} is not the one that they enrolled with: do not sign, "
                f"and ask them in person."
            )


def _check_weeks(recipient: Recipient, own: Mapping[int, bytes], weeks: range) -> None:
    for epoch in weeks:
        if epoch in own and epoch not in recipient.epochs:
            raise Refused(
                f"The roster leaves {recipient.id} out in the week {days(epoch)}, though they enrolled for it: do not sign; "
                f"have it issued anew with their newest enrolment."
            )


def _check_naming(recipient: Recipient, known: Recipient | None) -> None:
    if known is None:
        raise Refused(
            f"No enrolment of {recipient.id} was taken in here: get it from the journalist, take it in with `keys add`, "
            f"then sign."
        )
    if (recipient.key, recipient.name, recipient.note) != (known.key, known.name, known.note):
        raise Refused(
            f"The roster does not name {recipient.id} as they enrolled: do not sign; take their newest enrolment in, or ask "
            f"who changed the name."
        )
