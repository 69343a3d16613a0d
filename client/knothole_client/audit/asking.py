"""How an audit asks, and where it notes what came of it: no answer ends an audit, each becomes a body or a finding."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from knothole_client.audit.browser import Browser
from knothole_client.audit.findings import ALARM, Finding, finding, worst
from knothole_client.http import Answer, Compressed, Connection, Patience, TooLong, Unreachable, refusal
from knothole_keys import note
from knothole_keys.errors import Refused
from knothole_keys.languages import Language

PATIENCE = Patience(tries=4, first=2, most=20)
PAGE_LIMIT = 2**20
# What a proxy alone answers, for a server that is away.
_AWAY = (502, 504)


@dataclass
class Report:
    """What an audit found and saw; hashes are hex, `day` the UTC day."""

    day: str
    url: str
    drop: str
    manifest: str
    first: bool
    findings: list[Finding] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    assets: dict[str, str] = field(default_factory=dict)
    roots: list[str] = field(default_factory=list)
    roster: tuple[int, str] | None = None
    cover: int = 0

    @property
    def result(self) -> str:
        """WELL, or the worst severity found."""
        return worst(self.findings)


class Asking:
    """An audit's two connections, its report, and the evidence for it.

    `open_second` opens the connection of which the server may know that it is an auditor's.
    """

    def __init__(self, browser: Browser, open_second: Callable[[], Connection], report: Report) -> None:
        self.report = report
        self._browser, self._open_second = browser, open_second
        self._second: Connection | None = None
        self._evidence: list[tuple[str, bytes]] = []

    def close(self) -> None:
        """Close the second connection, if one was needed."""
        if self._second:
            self._second.__exit__(None, None, None)

    def _find(self, code: str, evidence: bytes = b"", **values: object) -> None:
        self._note([finding(code, **values)], evidence)

    def _note(self, found: Iterable[Finding], *evidence: bytes) -> None:
        for one in found:
            self.report.findings.append(one)
            self._evidence += [(one.code, data) for data in evidence if data and one.severity == ALARM]

    @contextmanager
    def _asking(self, path: str) -> Iterator[None]:
        """Whatever an answer may do to us becomes a finding."""
        try:
            yield
        except Unreachable as error:
            self._find("unreachable", path=path, why=error)
        except TooLong:
            self._find("answer_endless", path=path)
        except Compressed:
            self._find("answer_compressed", path=path)
        except Refused as error:
            self._find("answer_foreign", path=path, why=error)

    def _get(self, path: str, limit: int) -> bytes | None:
        return self._ask(self._browser, path, limit)

    def _ask(self, connection: Connection, path: str, limit: int, *, absent: str | None = None) -> bytes | None:
        """A body, or None. `absent` is the code of a 404, or empty when that is no finding."""
        body = None
        with self._asking(path):
            answer = connection.persist("GET", path, limit=limit)
            if answer.status == 404 and absent is not None:
                for code in filter(None, [absent]):
                    self._find(code)
            else:
                body = body_of(answer, path)
        return body

    @property
    def _other(self) -> Connection:
        if self._second is None:
            self._second = self._open_second()
        return self._second

    def _shown(self, language: Language) -> bytes | None:
        """The page in a language; or None, and what that means."""
        body, path = None, language.address
        with self._asking(path):
            answer = self._browser.persist("GET", path, limit=PAGE_LIMIT)
            # Who is sent elsewhere may meet another page: that is for `body_of` to say, and an alarm.
            if answer.status not in (200, *_AWAY) and not 300 <= answer.status < 400 and self._serves_lists():
                self._find("page_refused", path=path, status=answer.status)
            else:
                body = body_of(answer, path)
        return body

    def _serves_lists(self) -> bool:
        # Once and no more: when a proxy answers for a server that is away, every further try costs as long again.
        try:
            return self._browser.once("GET", "/roots", limit=note.MAX_BYTES).status == 200
        except Refused:
            return False


def body_of(answer: Answer, path: str) -> bytes:
    """What came with 200; raises Refused for any other answer."""
    if answer.status == 200:
        return answer.body
    if answer.status >= 500:
        raise Unreachable(f"the server answered with code {answer.status}; try again later.")
    raise refusal(answer, path)
