"""Commands about copies of the vault: making one, and making a vault out of one."""

from datetime import UTC, datetime
from pathlib import Path

import click

from knothole_client.desk import backup as backups
from knothole_client.desk import restoring
from knothole_client.desk.cli.common import FILE, FOLDER, JSON, KEY_FILE, VAULT, holding_for, show, unlocked
from knothole_client.desk.locks import ALONE
from knothole_client.terminal import counted
from knothole_keys.epoch import days, epoch_of


@click.command()
@VAULT
@click.option("-o", "output", type=FILE, required=True, help="The new file.")
@click.option("--boxes", type=FOLDER, help="A folder that gets a copy of every box that it does not have yet.")
@JSON
def backup(path: Path, output: Path, boxes: Path | None, as_json: bool) -> None:
    """Write all that the vault remembers into one sealed file.

    It is read again before it gets its name, and opens with what opens the vault today. No weekly secret is in it. The boxes
    are not either, nor working copies: they are sealed already and never change, and go into a folder of their own, --boxes.
    """
    with unlocked(path, change=True) as desk:
        copied = restoring.make(desk.vault, output, boxes)
        alone = any(slot.kind == ALONE for slot in desk.vault.locks.slots)
    lines = [f"Wrote {output} and read it again to its end. It opens with what opens the vault today, for ever."]
    lines += [f"Copied {counted(copied, 'box', 'boxes')} that {boxes} did not have."] if boxes else []
    lines += [] if boxes else ["The boxes are not in it: name a folder for them with --boxes, or keep the courier's."]
    lines += ["It opens with the passphrase alone, also after lock-travel: never carry it along."] if alone else []
    show({"path": str(output), "boxes": copied, "passphrase_alone": alone}, lines, as_json=as_json)


@click.command()
@click.argument("file", metavar="BACKUP", type=FILE)
@VAULT
@click.option("--boxes", type=FOLDER, help="The folder of boxes that `backup` filled.")
@click.option(
    "--enrolled-until",
    "until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="A day of the last week you enrolled for, if you enrolled again after this backup was made.",
)
@JSON
def restore(file: Path, path: Path, boxes: Path | None, until: datetime | None, as_json: bool) -> None:
    """Make the new folder VAULT out of a BACKUP.

    The backup is read to its end before anything is made. Weekly secrets do not come back: what was not imported when it was
    made does not open in the restored vault.
    """
    held = holding_for(backups.slot_kinds(file), click.get_current_context().meta.get(KEY_FILE))
    last = None if until is None else epoch_of(int(until.replace(tzinfo=UTC).timestamp()))
    done = restoring.restore(file, path, held, boxes=boxes, until=last)
    value = {
        "made": done.made,
        "records": done.records,
        "boxes": done.boxes,
        "missing": done.missing,
        "exported": done.exported,
        "copies_missing": done.lost,
    }
    lines = [
        f"Made the vault {path} from a backup of {done.made}. It opens with what opened the backup; add other key slots anew.",
        "It has no weekly secrets: boxes that were not imported by then never open here.",
    ]
    if done.exported:
        lines += [
            f"Until {days(done.exported[-1])[-10:]} nobody can read what sources seal to you: your keys of those weeks are "
            "gone and are never replaced. Tell your administrators today, so that they revoke this id.",
            "To read soon, make a new vault beside this one and enrol it; or enrol this one for later weeks (--weeks).",
        ]
    if done.missing:
        lines.append(f"{counted(done.missing, 'box is', 'boxes are')} not here: import the courier's folder again.")
    if done.lost:
        lines.append(f"{counted(done.lost, 'working copy is', 'working copies are')} not here: make them anew (`copy`).")
    show(value, lines, as_json=as_json)


COMMANDS = (backup, restore)
