"""Commands about who opens the vault: passphrase, key slots, the travel lock. Each puts fresh keys behind what remains."""

from pathlib import Path
from typing import Any

import click

from knothole_client.desk import keyfile, relocking
from knothole_client.desk import vault as vaults
from knothole_client.desk.cli.common import BARE_VAULT, FILE, JSON, VAULT, holding, holding_for, show, unlocked
from knothole_client.desk.locks import ALONE, Holding, Slot, asking
from knothole_client.desk.relocking import Plan, Relocked
from knothole_client.desk.vault import Vault
from knothole_keys.cli import passphrase as prompt


def _tell(done: Relocked, lines: list[str], *, as_json: bool, travel: bool = False) -> None:
    old = done.without_stick() if travel else done.lapsed()
    value = {
        "slots": [_slot_value(slot) for slot in done.slots],
        "added": done.added[0] if done.added else None,
        "backups": [{"path": one["path"], "made": one["made"]} for one in old],
    }
    why = "the passphrase alone" if travel else "what was just changed or removed"
    if old:
        lines = [*lines, f"These backups still open with {why}: destroy them, or make new ones and then destroy them."]
        lines += [f"  {one['path']}, made on {one['made']}" for one in old]
    show(value, lines, as_json=as_json)


def _slot_value(slot: Slot) -> dict[str, Any]:
    return {"number": slot.number, "kind": slot.kind, "label": slot.label, "since": slot.since}


def _slot_line(slot: Slot) -> str:
    return f"  {slot.number}  {slot.kind}, since {slot.since}" + (f", {slot.label}" if slot.label else "")


def _slot_lines(done: Relocked) -> list[str]:
    # A vault may be several people's: whoever is locked out, or still has another way in, must not be passed over.
    lines = ["What opens it now:", *(_slot_line(slot) for slot in done.slots)]
    return [*lines, "What does not any more:", *(_slot_line(slot) for slot in done.gone)] if done.gone else lines


def _new_passphrase() -> bytes:
    return prompt.ask("the vault", new=True, variable=prompt.NEW_VARIABLE)


@click.command()
@VAULT
@JSON
def passphrase(path: Path, as_json: bool) -> None:
    """Change the passphrase.

    The old one opens nothing here any more: the vault and its weekly secrets get fresh keys. With --key-file, a slot that
    asks for it beside the old passphrase is changed as well, and goes on asking for it.
    """
    held = holding(path)
    with vaults.opened(path, held):
        pass
    done = relocking.relock(path, held, relocking.passphrase(_new_passphrase(), held))
    lines = ["The passphrase was changed; the old one does not open this vault any more."]
    untried = [str(slot.number) for slot in done.slots if slot.kind != ALONE and held.key_file is None]
    if untried:
        # Whether they ask for the old passphrase beside their key file shows only with that file.
        lines = [
            "The passphrase was changed; the old one alone does not open this vault any more. Key slots with a key file "
            f"({', '.join(untried)}) keep their passphrase: should it be the old one, run this again with --key-file."
        ]
    _tell(done, [*lines, *_slot_lines(done)], as_json=as_json)


@click.command("re-key")
@VAULT
@JSON
def re_key(path: Path, as_json: bool) -> None:
    """Give the vault and its weekly secrets fresh keys.

    Everything that opens it stays the same. Do this when somebody may have had an open copy of the vault.
    """
    done = relocking.relock(path, holding(path), relocking.keep_all)
    _tell(done, ["The vault has fresh keys. What opened it before opens it now."], as_json=as_json)


@click.command("lock-travel")
@BARE_VAULT
@click.option("--key-file", "file", type=FILE, required=True, help="The key file on your stick; made when there is none.")
@JSON
def lock_travel(path: Path, file: Path, as_json: bool) -> None:
    """Lock the vault so that nothing opens it without the key file.

    Key slots with a passphrase alone go, and everything gets fresh keys. Then let somebody else carry the stick. A lost
    key file cannot be replaced: keep a second copy of it where you are going, or at home.
    """
    held = holding_for(vaults.slot_kinds(path), file)
    plan = relocking.travel(held.passphrase, lambda: keyfile.read_or_make(file, path))
    keyfile.check_place(file, path)
    done = relocking.relock(path, held, plan)
    if keyfile.shares_a_disk(file, path):
        click.echo(
            "Warning: the key file lies on the same disk as the vault, and whoever takes the one has the other. Move it to a "
            "stick of its own, overwrite it here, and carry the stick apart.",
            err=True,
        )
    lines = [f"No passphrase alone opens the vault any more. Yours needs {file}: name the file with --key-file."]
    _tell(done, [*lines, *_slot_lines(done)], as_json=as_json, travel=True)


@click.command("lock-home")
@VAULT
@JSON
def lock_home(path: Path, as_json: bool) -> None:
    """Let the passphrase alone open the vault again, after a journey.

    Open it once more with its key file. The key slot of that key file goes; those of other people stay as they are.
    """
    held = holding(path)
    done = relocking.relock(path, held, relocking.exchange(Holding(held.passphrase), held))
    lines = ["Your passphrase alone opens the vault again, without your key file."]
    _tell(done, [*lines, *_slot_lines(done)], as_json=as_json)


@click.group()
def key() -> None:
    """List, add and remove what opens the vault (its key slots)."""


@key.command("list")
@VAULT
@JSON
def list_(path: Path, as_json: bool) -> None:
    """List the key slots, and the backups that were made."""
    with unlocked(path) as desk:
        slots, made = desk.vault.locks.slots, relocking.with_parts(relocking.backups(desk.vault.records))
        used = desk.vault.locks.used
    lines = [_slot_line(slot) + (" (opened it just now)" if slot.number == used else "") for slot in slots]
    lines += [
        f"Backup {one['path']}, made on {one['made']}: opens with "
        + ("a passphrase alone." if any(slot["kind"] == ALONE for slot in one["slots"]) else "passphrase and key file.")
        for one in made
    ]
    show({"slots": [_slot_value(slot) for slot in slots], "used": used, "backups": made}, lines, as_json=as_json)


@key.command()
@VAULT
@click.option("--new-key-file", type=FILE, help="Ask for this key file as well; made when there is none.")
@click.option("--label", default="", help="A word to know it by.")
@JSON
def add(path: Path, new_key_file: Path | None, label: str, as_json: bool) -> None:
    """Add another passphrase, or another passphrase with a key file."""
    held = holding(path)
    if new_key_file is not None:
        keyfile.check_place(new_key_file, path)
    with vaults.opened(path, held):
        pass
    new = _new_passphrase()

    def plan(vault: Vault) -> Plan:
        made = None if new_key_file is None else keyfile.read_or_make(new_key_file, path)
        return Plan(relocking.keep_all(vault).keep, ((Holding(new, made), label),))

    done = relocking.relock(path, held, plan)
    alone = "" if new_key_file is not None else " It opens the vault without any key file."
    _tell(done, [f"Added key slot {done.added[0]}.{alone}"], as_json=as_json)


@key.command()
@VAULT
@click.argument("number", type=int)
@JSON
def remove(path: Path, number: int, as_json: bool) -> None:
    """Remove a key slot, by the NUMBER that `key list` shows."""
    held = holding(path)
    done = relocking.relock(path, held, relocking.remove(number, held))
    line = f"Removed key slot {number}; what it asked for does not open this vault any more."
    if still := sorted(asking(done.slots, held, vaults.PURPOSE)):
        line = f"Removed key slot {number}. What opened the vault just now still opens it: key slot {still[0]}."
    _tell(done, [line], as_json=as_json)


COMMANDS = (passphrase, key, lock_travel, lock_home, re_key)
