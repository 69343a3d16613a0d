"""The rosters kept in an administrator's folder: which are finished, which count, what they say."""

from knothole_keys import clock, files, note
from knothole_keys.admin.signing import Signing
from knothole_keys.epoch import DAY, end, epoch_of
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.roster import Roster, parse_roster


class Rosters(Signing):
    """And the rosters issued or cosigned here."""

    def rosters(self) -> list[Roster]:
        """The rosters known here, by version, those made under earlier roots included."""
        chain = self.chain
        found = []
        for path in sorted((self.path / "rosters").glob("*.note"), key=lambda p: (len(p.stem), p.stem)):
            try:
                found.append(parse_roster(note.parse(files.read(path, note.MAX_BYTES)), chain, archived=True))
            except KnotholeError as error:
                raise Refused(f"{path} is damaged: {error}") from None
        return found

    def is_finished(self, roster: Roster) -> bool:
        """Whether as many of its root's administrators signed a roster, as it is kept here, as must agree."""
        under = self.chain.roots[roster.root_version - 1]
        return not note.tally(roster.note, under.admins, under.threshold).lacks

    def standing(self) -> list[Roster]:
        """The rosters that the next one continues: all known here but unfinished ones dated in the future.

        Those were made by a wrong clock, and nobody cosigns them: the next roster may take their version.
        """
        latest = clock.now() + DAY
        return [roster for roster in self.rosters() if roster.issued <= latest or self.is_finished(roster)]

    def before(self, version: int) -> tuple[Roster | None, list[str]]:
        """What a roster is compared with in words: the last finished one before it, or the last draft when none is.

        With it come sentences about the versions in between that were never finished here, or are not known here.
        """
        earlier = [roster for roster in self.rosters() if roster.version < version]
        finished = [roster for roster in earlier if self.is_finished(roster)]
        if not earlier:
            return None, []
        base = (finished or earlier)[-1]
        drafts = [roster.version for roster in earlier if not self.is_finished(roster)]
        drafts = [one for one in drafts if not finished or one > base.version]
        known = {roster.version for roster in earlier}
        absent = [one for one in range(base.version + 1, version) if one not in known]
        return base, [
            *_about(drafts, "was never finished here", "were never finished here"),
            *_about(absent, "is not known here", "are not known here"),
        ]


def _about(versions: list[int], one: str, several: str) -> list[str]:
    if not versions:
        return []
    *most, last = map(str, versions)
    return [f"Rosters {', '.join(most)} and {last} {several}." if most else f"Roster {last} {one}."]


def missing_weeks(roster: Roster, now: int) -> list[str]:
    """Sentences about recipients who will not receive in a week of the roster's life."""
    found = []
    for recipient in roster.recipients:
        for week in range(epoch_of(now), epoch_of(roster.expires - 1) + 1):
            if week not in recipient.epochs:
                found.append(f"{recipient.name} has no key for the week that ends on {clock.day_of(end(week) - 1)}.")
    return found
