"""Asking for a passphrase: at a prompt, or from the file that KNOTHOLE_PASSPHRASE_FILE names. Never on a command line."""

import os
import sys
from pathlib import Path

import click

from knothole_keys import files
from knothole_keys.errors import Refused

VARIABLE = "KNOTHOLE_PASSPHRASE_FILE"
# For commands that need two: the one that opens, and the one that is to open from now on.
NEW_VARIABLE = "KNOTHOLE_NEW_PASSPHRASE_FILE"
LEAST = 8


def ask(what: str, *, new: bool = False, variable: str = VARIABLE) -> bytes:
    """The passphrase for `what`, in UTF-8; `variable` may name a file with it. A new one is asked for twice. Raises Refused."""
    named = os.environ.get(variable)
    if named:
        text = files.read(Path(named), 4096)
        passphrase = text.removesuffix(b"\n").removesuffix(b"\r")
    elif not sys.stdin.isatty():
        raise Refused(f"There is nobody to ask for the passphrase; name a file that holds it in {variable}.")
    else:
        prompt = f"{'New passphrase' if new else 'Passphrase'} for {what}"
        try:
            passphrase = click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True).encode()
        except UnicodeError:
            raise Refused("This terminal sent something that is no text; type the passphrase on another one.") from None
    if new and len(passphrase.decode("utf-8", "replace")) < LEAST:
        raise Refused(f"This passphrase is too short: use at least {LEAST} characters, better six random words.")
    return passphrase
