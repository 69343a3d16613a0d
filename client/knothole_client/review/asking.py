"""What an inbox is asked for, as it stands in an address: words of our own and numbers, and nothing that anybody wrote."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from knothole_client.desk.listing import SORTS, Filter
from knothole_client.desk.marks import STATES
from knothole_client.review.desk import Views

SHOWS: dict[str, tuple[str, dict[str, object]]] = {
    "": ("All letters", {}),
    "unread": ("Unread", {"unread": True}),
    "starred": ("Starred", {"starred": True}),
    "due": ("Reminders that are due", {"due": True}),
    "incomplete": ("Incomplete", {"incomplete": True}),
    "unanswered": ("Not answered", {"answered": False}),
    "embargo": ("Under embargo", {"embargo": "ahead"}),
}
ORDERS = {
    "-day": "Newest first",
    "day": "Oldest first",
    "-imported": "Imported last first",
    "-size": "Largest first",
    "state": "By state",
}
USUAL = "-day"
PAGE = 50


@dataclass(frozen=True)
class Asked:
    """A view, a state, a label and a role by their short names, an order, a page from 1 on; empty is all or the usual."""

    show: str = ""
    state: str = ""
    label: str = ""
    role: str = ""
    sort: str = USUAL
    page: int = 1

    @property
    def url(self) -> str:
        """Where that is."""
        said = {name: value for name, value in vars(self).items() if value != getattr(Asked, name)}
        return f"/?{urlencode(said)}" if said else "/"

    def but(self, **changes: str | int) -> "Asked":
        """The same but for this, from its first page."""
        return replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]

    def filter(self, views: Views, label_id: Callable[[str], str], today: str) -> Filter:
        """What a list takes. A label or a role that nobody uses any more matters no more."""
        label = next((one for one in views.labels if label_id(one) == self.label), "")
        role = next((one for one in views.roles if label_id(one) == self.role), "")
        return Filter(**SHOWS[self.show][1], state=self.state, label=label, assigned=role, today=today)  # type: ignore[arg-type]


def asked(query: QueryParams) -> Asked:
    """What an address asks for; what it cannot ask for does not matter."""
    page, sort = query.get("page", "1"), query.get("sort", USUAL)
    return Asked(
        show=query.get("show", "") if query.get("show") in SHOWS else "",
        state=query.get("state", "") if query.get("state") in STATES else "",
        label=_short(query.get("label", "")),
        role=_short(query.get("role", "")),
        sort=sort if sort.removeprefix("-") in SORTS else USUAL,
        page=int(page) if page.isascii() and page.isdigit() and int(page[:9]) > 0 else 1,
    )


def _short(name: str) -> str:
    return name if len(name) == 12 and set(name) <= set("0123456789abcdef") else ""
