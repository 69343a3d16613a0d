"""One audit, from the first request to what is remembered.

1. As a browser: the page in a language that chance chooses, what it loads, roots and roster, then the questions that come
   before an upload; then the page's other languages, as if somebody followed its links.
2. Afterwards, by another connection and as the program that it is: rosters in between, older weeks, the courier's lists and
   the board. The server must not know an auditor before it has shown its page.
3. What was found sound is remembered; what was not is kept as evidence, and the state stays as it was, so that the next
   audit finds the same.
"""

import hashlib
import secrets
from collections.abc import Callable

from knothole_client.audit import boxes, page
from knothole_client.audit.asking import Asking, Report, body_of
from knothole_client.audit.browser import Browser
from knothole_client.audit.expiry import running_out
from knothole_client.audit.lists import Judged, judge_roots, judge_roster
from knothole_client.audit.state import State
from knothole_client.http import JSON_LIMIT, Answer, BadAnswer, Connection
from knothole_keys import clock, note
from knothole_keys.board import BOARD_LIMIT, SLOT
from knothole_keys.epoch import epoch_of
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.languages import LANGUAGES, Language
from knothole_keys.page import PADDED, pages
from knothole_keys.release import Release
from knothole_keys.root import fingerprint, split

ASSET_LIMIT = 2**23
# A publication between two fetches makes a roster and a chain that do not fit; twice in a row is no coincidence.
FETCHES = 3


class Audit(Asking):
    """One audit of one drop."""

    def __init__(
        self, browser: Browser, open_second: Callable[[], Connection], state: State, release: Release, now: int
    ) -> None:
        report = Report(clock.day_of(now), browser.url, "", release.hash.hex(), first=state.chain is None)
        super().__init__(browser, open_second, report)
        self._state, self._release, self._now = state, release, now
        self._judged = Judged()
        self._lost: dict[int, set[bytes]] = {}

    def run(self, drop_id: bytes, *, has_token: bool) -> Report:
        """Look at everything. Raises Refused only for this machine's own trouble."""
        report = self.report
        report.drop = fingerprint(drop_id)
        # A server that knew which language comes first could lie to whoever begins with another.
        first, *others = secrets.SystemRandom().sample(LANGUAGES, len(LANGUAGES))
        shown = {first: self._shown(first)}
        if shown[first] is None and all(one.status >= 500 for one in self._browser.shown):
            # Nothing was answered at all, or by a proxy without its server: what follows would wait as long again, each time.
            return report
        assets = {address: self._get(address, ASSET_LIMIT) for address in page.loaded(self._release, first)}
        self._lists(drop_id)
        assets |= {address: self._get(address, ASSET_LIMIT) for address in page.loaded_later(self._release)}
        acknowledged = self._kept()
        self._before_upload(acknowledged)
        for other in others:
            shown[other] = self._shown(other)
            assets[other.script] = self._get(other.script, ASSET_LIMIT)
        self._pages({language: body for language, body in shown.items() if body is not None})
        self._assets(assets)
        self._note(page.check_headers(self._browser.shown))
        self._since(acknowledged, has_token=has_token)
        self._remember()
        return report

    # As a browser.

    def _lists(self, drop_id: bytes) -> None:
        for left in reversed(range(FETCHES)):
            judged = self._judged = Judged()
            roots = self._get("/roots", note.MAX_BYTES)
            roster = self._ask(self._browser, "/roster", note.MAX_BYTES, absent="roster_missing")
            if not (left and roots and roster and _is_between(roots, roster)):
                break
        if roots is not None:
            judge_roots(judged, roots, drop_id, self._state.chain, self._now)
        if judged.chain is None:
            # The last that was sound still tells whether page and roster are this drop's.
            judged.chain, judged.sound = self._state.chain, False
        # Under a root that did not come, nobody can say anything of a roster.
        if roster is not None and not (roots is None and judged.chain and _is_between(judged.chain.data, roster)):
            judge_roster(judged, roster, self._state, self._now, self._older)
        self._note(judged.findings, roots or b"", roster or b"")
        if judged.chain:
            self.report.roots = [root.note.hash.hex() for root in judged.chain.roots]
            self._note(running_out(judged.chain, judged.roster, self._now))
        if judged.roster:
            self.report.roster = (judged.roster.version, judged.roster.hash.hex())

    def _older(self, version: int) -> bytes | None:
        return self._ask(self._other, f"/rosters/{version}", note.MAX_BYTES, absent="")

    def _pages(self, shown: dict[Language, bytes]) -> None:
        self.report.pages = {language.address: _hex(body) for language, body in shown.items()}
        chain = self._judged.chain
        wrong = list(page.check_pages(shown, self._release, chain)) if chain else []
        if chain is None or not wrong:
            return
        sound = pages(self._release.template, chain)
        changed = [body for language, body in shown.items() if body != sound[language]]
        named = list(dict.fromkeys(address for body in changed for address in page.foreign(body, self._release)))
        loads = [self._get(address, ASSET_LIMIT) for address in named[:16]]
        self._note(wrong, *changed, *filter(None, loads))

    def _assets(self, assets: dict[str, bytes | None]) -> None:
        for address, body in assets.items():
            if body is not None:
                self.report.assets[address] = _hex(body)
                self._note(page.check_asset(address, body, self._release), body)

    def _kept(self) -> boxes.Boxes:
        acknowledged = self._state.acknowledged()
        if self._judged.chain is None or not self._judged.sound:
            # What the server must still keep, only sound lists say; others are a finding of their own.
            return {}
        return boxes.kept(acknowledged, self._judged.chain, self._judged.roster, self._now)

    def _before_upload(self, acknowledged: boxes.Boxes) -> None:
        # The present and the last week are every page's questions, boxes of one's own or not.
        for epoch in (epoch_of(self._now), epoch_of(self._now) - 1):
            with self._asking("/boxes/missing"):
                self._lost[epoch] = boxes.not_stored(self._browser, epoch, acknowledged.get(epoch, {}))
        with self._asking("/permit"):
            permit = body_of(self._browser.persist("GET", "/permit", limit=JSON_LIMIT), "/permit")
            if len(permit) % PADDED:
                self._find("answer_size", permit, path="/permit")
            if not isinstance(Answer(200, permit).object.get("permit"), str):
                raise BadAnswer("There is no permit in it.")

    # Afterwards, no longer as a browser.

    def _since(self, acknowledged: boxes.Boxes, *, has_token: bool) -> None:
        changed: dict[int, set[bytes]] = {}
        for epoch, ours in acknowledged.items():
            self.report.cover += len(ours)
            if epoch not in self._lost:
                with self._asking("/boxes/missing"):
                    self._lost[epoch] = boxes.not_stored(self._other, epoch, ours)
        if has_token:
            self._as_courier(acknowledged, changed)
        for code, wrong in (("box_lost", self._lost), ("box_changed", changed)):
            names = "".join(f"{epoch} {one.hex()}\n" for epoch in sorted(wrong) for one in sorted(wrong[epoch]))
            self._note(boxes.describe(code, wrong), names.encode())

    def _as_courier(self, acknowledged: boxes.Boxes, changed: dict[int, set[bytes]]) -> None:
        # The present week always: a token that has run out must show before there is a box to compare.
        for epoch in sorted({epoch_of(self._now), *acknowledged}):
            with self._asking("/courier/boxes"):
                try:
                    lost, changed[epoch] = boxes.listed_wrong(self._other, epoch, acknowledged.get(epoch, {}))
                except boxes.TokenRefused:
                    return self._find("token_refused")
                self._lost[epoch] = self._lost.get(epoch, set()) | lost
        board = self._ask(self._other, "/board", BOARD_LIMIT)
        if board is not None and len(board) % SLOT:
            self._find("answer_size", path="/board")
        return None

    # Remembering.

    def _remember(self) -> None:
        report, judged = self.report, self._judged
        try:
            kept = [self._state.keep_evidence(report.day, code, data) for code, data in self._evidence]
            if not all(kept):
                self._find("evidence_full", count=kept.count(False))
            if judged.sound and judged.chain:
                self._state.write(judged.chain, judged.roster, judged.seen or self._state.seen, report.day)
        except Refused as error:
            self._find("state_unwritable", why=error)


def _is_between(roots: bytes, roster: bytes) -> bool:
    """Whether the roster names a newer root than these: one was published while both were fetched, roots first."""
    try:
        version = note.parse(roster).value.get("root_version")
        return isinstance(version, int) and version > split(roots)[-1].version
    except KnotholeError:
        return False


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
