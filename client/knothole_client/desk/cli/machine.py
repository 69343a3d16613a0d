"""`knothole desk check`: what of this machine a person should see to before a vault is opened on it."""

import click

from knothole_client.desk import hardening
from knothole_client.desk.cli.common import JSON, show
from knothole_client.terminal import counted
from knothole_keys.errors import Refused


@click.command()
@JSON
def check(as_json: bool) -> None:
    """Look whether this machine is fit for a vault: swap, networks, and what protects a command's memory.

    Every command that opens a vault protects its memory as far as is said here. If something is amiss, the exit code is 1.
    """
    found = hardening.checks(hardening.harden())
    lines = [f"{'good' if one.good else 'AMISS':<6} {one.name:<15} {one.sentence}" for one in found]
    show({"checks": [vars(one) for one in found]}, lines, as_json=as_json)
    amiss = [one for one in found if not one.good]
    if amiss:
        raise Refused(f"{counted(len(amiss), 'thing')} should be put right on this machine before a vault is opened on it.")


COMMANDS = (check,)
