"""The `knothole` command: a lazy dispatcher that finds each room's commands by entry point.

Nothing of a room is imported until one of its commands is asked for, so that `knothole desk` on an offline machine never
loads the server, and `knothole --version` loads nothing.
"""

import sys
from importlib.metadata import entry_points
from typing import Any

import click

from knothole_keys import __version__
from knothole_keys.errors import KnotholeError

GROUP = "knothole.commands"
ORDER = ["demo", "source", "server", "courier", "desk", "keys"]
ABOUT = {
    "demo": "Try everything on this machine, with throwaway keys.",
    "source": "Send to a drop from the command line.",
    "server": "Run the blind server.",
    "courier": "Carry boxes and rosters between the server and the desks.",
    "desk": "Open and keep what sources sent, on a machine that is never online.",
    "keys": "Make and rotate the drop's keys, as an administrator.",
}


class Rooms(click.Group):
    """The top-level group; its commands are the rooms' entry points."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The rooms that are installed, in the order in which a person meets them."""
        found = set(entry_points(group=GROUP).names)
        return [name for name in ORDER if name in found] + sorted(found - set(ORDER))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one room's command."""
        for point in entry_points(group=GROUP, name=cmd_name):
            command: click.Command = point.load()
            return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help without loading any room."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, ABOUT.get(name, "")) for name in self.list_commands(ctx)])


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="knothole")
def knothole() -> None:
    """Knothole: a drop that sources and newsrooms can trust."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Exit 0 done, 1 refused (one sentence on stderr), 2 wrong usage."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        result: Any = knothole.main(arguments, prog_name="knothole", standalone_mode=False)
    except KnotholeError as error:
        # A sentence may name a file, and whoever named the file must not write to this terminal.
        click.echo("knothole: " + "".join(c if c.isprintable() else "?" for c in str(error)), err=True)
        return 1
    except click.exceptions.Abort:
        click.echo("knothole: stopped; nothing more was done.", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output had enough; a traceback would tell nothing.
        sys.stderr.close()
        return 1
    return result if isinstance(result, int) else 0
