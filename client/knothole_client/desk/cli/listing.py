"""`knothole desk list`: filters, orders and pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from knothole_client.desk import listing
from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import JSON, VAULT, inbox_of, show, show_many, tell_damaged, unlocked, warnings
from knothole_client.desk.listing import EMBARGOES, SORTS, Filter, Listing
from knothole_client.desk.marks import STATES

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option("--unread/--seen", default=None, help="Only what nobody opened yet, or only what was opened."),
    click.option("--starred/--unstarred", default=None, help="Only with a star, or only without."),
    click.option("--label", default="", help="Only with this label."),
    click.option("--state", type=click.Choice(STATES), help="Only in this state."),
    click.option("--assigned", default="", metavar="ROLE", help="Only what is assigned to this role."),
    click.option("--thread", default="", help="Only of this source thread, by how its id or its pseudonym begins."),
    click.option("--incomplete/--complete", default=None, help="Only what lacks parts, or only what lacks none."),
    click.option("--embargo", type=click.Choice(EMBARGOES), help="Only with an embargo whose day has come, or has not."),
    click.option("--due/--not-due", default=None, help="Only with a reminder whose day has come, or only without one."),
    click.option("--answered/--unanswered", default=None, help="Only of threads that this desk answered, or only of others."),
)


def filters(command: Command) -> Command:
    """The options of a command that chooses among submissions; it gets them as `chosen` after `filter_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def filter_of(chosen: dict[str, Any]) -> Filter:
    """What the options ask for. Raises Refused."""
    return Filter(**{**chosen, "state": chosen["state"] or "", "embargo": chosen["embargo"] or ""})


@click.command("list")
@VAULT
@filters
@click.option("--sort", metavar="ORDER", default="", help=f"One of {', '.join(SORTS)}; a dash before it turns it around.")
@click.option("--start", type=click.IntRange(0), default=0, help="Leave out so many rows at the beginning.")
@click.option("--count", type=click.IntRange(1), help="Show so many rows.")
@JSON
def list_(path: Path, sort: str, start: int, count: int | None, as_json: bool, **chosen: Any) -> None:
    """List submissions: all of them, or those that the options choose."""
    asked = filter_of(chosen)
    with unlocked(path) as desk:
        inbox = inbox_of(desk.vault)
        page = listing.page(Listing(desk.vault).rows(), asked, sort, start, count)
        rest: dict[str, Any] = {"refused": inbox.refused(), "unclaimed": inbox.unclaimed(), "damaged": inbox.damaged()}
        warned = [one.value() for one in warnings(desk, path)]
        if as_json:
            each = ({**inbox.submission(row.summary).value(), **row.value()} for row in page.rows)
            show_many("submissions", each, {"start": start, "total": page.total, **rest, "warnings": warned})
        else:
            show(None, words.table(page, **rest), as_json=False)
        damaged = desk.vault.records.damaged
    tell_damaged(damaged)


COMMANDS = (list_,)
