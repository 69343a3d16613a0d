"""`knothole keys init`, `rotate-root`, and the part of `cosign` that is about roots: who may sign, and how boxes look."""

import os
from pathlib import Path

import click

from knothole_keys import clock, files, promised, root
from knothole_keys.admin import ROOT, AdminFolder, new_admin
from knothole_keys.cli import describe, passphrase
from knothole_keys.cli.asking import FILE, PATH, confirm
from knothole_keys.epoch import DAY, epoch_of
from knothole_keys.errors import Refused
from knothole_keys.note import NoteKey
from knothole_keys.rotation import Change, Draft, check_draft, propose, read_draft
from knothole_keys.sign import Signer, new_note


@click.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--name", "drop", required=True, help="The drop's name, as sources will see it.")
@click.option("--admin-key", "public_keys", type=FILE, multiple=True, help="An administrator's .pub file; once for each.")
@click.option("--admins", type=click.IntRange(1, root.MAX_ADMINS), help="Make this many keys here, one folder each.")
@click.option("--threshold", type=click.IntRange(1, root.MAX_ADMINS), required=True, help="How many of them must agree.")
@click.option("--box-size", default=2**20, show_default=True, help="Bytes of a box: a power of two, 262144 to 16777216.")
@click.option("--slots", default=4, show_default=True, help="Most recipients at one time, 1 to 16.")
@click.option("--retention", default=28, show_default=True, help="Days that the server keeps a week's boxes.")
@click.option("--days", default=365, show_default=True, help="Days until the root must be renewed.")
def init(
    directory: Path,
    drop: str,
    public_keys: tuple[Path, ...],
    admins: int | None,
    threshold: int,
    box_size: int,
    slots: int,
    retention: int,
    days: int,
) -> None:
    """Make a drop: DIR/root.note, to be signed by all of its administrators."""
    folder = AdminFolder(directory)
    if (directory / ROOT).exists():
        raise Refused(f"{directory} holds a drop already; it was left as it is.")
    if bool(public_keys) == bool(admins):
        raise click.UsageError("Give either --admin-key, once for each administrator, or --admins.")
    publics = [_public(path) for path in public_keys]
    seeds = {f"admin-{i + 1}": os.urandom(32) for i in range(admins or 0)}
    publics += [Signer(name, seed).public for name, seed in seeds.items()]
    now = clock.now()
    value = {
        "type": root.TYPE,
        "drop": drop,
        "version": 1,
        "threshold": threshold,
        "admins": [{"key": key.key.hex(), "name": key.name} for key in sorted(publics, key=lambda key: key.name)],
        "issued": now,
        "expires": now + days * DAY,
        "retention_days": retention,
        # One week back, so that a source whose clock is a day behind has boxes too.
        "boxes": [{"from_epoch": epoch_of(now) - 1, "size": box_size, "slots": slots}],
    }
    unsigned = new_note(value, [])
    root.read_root(unsigned)
    here = [name.stem for name in directory.glob("*.key") if name.stem in {key.name for key in publics}]
    secret = passphrase.ask("the administrators' keys", new=True) if seeds else None
    secret = passphrase.ask("the keys in this folder") if here and secret is None else secret
    signers = [Signer(name, seed) for name, seed in seeds.items()]
    signers += [folder.signer(name, secret) for name in here if secret is not None]
    if not signers:
        raise Refused(
            "None of these administrators' secret keys is in this folder, so nobody could sign; run `keys admin` first."
        )
    signed = new_note(value, signers)
    for name, seed in seeds.items():
        new_admin(directory / name, name, secret or b"", seed)
    files.write_whole(directory / ROOT, signed.data, mode=0o644, replace=False)
    _tell(read_draft(signed.data), directory, directory / ROOT)


@click.command("rotate-root")
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--admin", "name", help="Whose key signs; needed only when there are several.")
@click.option("--add-admin", "added", type=FILE, multiple=True, help="The .pub file of an administrator who joins.")
@click.option("--remove-admin", "removed", metavar="NAME", multiple=True, help="An administrator whose key counts no more.")
@click.option("--threshold", type=click.IntRange(1, root.MAX_ADMINS), help="How many must agree from now on.")
@click.option("--box-size", type=int, help="Bytes of a box from --from-epoch on: a power of two, 262144 to 16777216.")
@click.option("--slots", type=int, help="Most recipients at one time from --from-epoch on, 1 to 16.")
@click.option("--from-epoch", type=int, help="The first week of the new boxes; one begun at least a week from now otherwise.")
@click.option("--retention", type=int, help="Days that the server keeps a week's boxes.")
@click.option("--days", default=365, show_default=True, help="Days until the root must be renewed again.")
@click.option("--instead", is_flag=True, help="Replace this folder's newest root, which the server never had.")
@click.option("-o", "output", type=FILE, required=True, help="Where to write the roots, for the others to cosign.")
def rotate_root(
    directory: Path,
    name: str | None,
    added: tuple[Path, ...],
    removed: tuple[str, ...],
    threshold: int | None,
    box_size: int | None,
    slots: int | None,
    from_epoch: int | None,
    retention: int | None,
    days: int,
    instead: bool,
    output: Path,
) -> None:
    """Make the next root: administrators, threshold, boxes or retention change, or it is only renewed.

    The file has all roots of the drop. As many of the old administrators as had to agree, and as many of the new, sign
    it with `cosign`; each of them takes the finished file into their folder by the same command.
    """
    folder = AdminFolder(directory)
    chain = folder.chain
    kept = promised.kept(directory)
    # A root that was signed here and is on its way is what `instead` replaces; otherwise the newest one in the chain.
    if instead and (kept is None or kept.version <= chain.current.version):
        if len(chain.roots) == 1:
            raise Refused("The first root cannot be replaced: a drop with another first root is another drop.")
        chain = root.Chain(chain.roots[:-1])
    change = Change(
        add=tuple(_public(path) for path in added),
        remove=removed,
        threshold=threshold,
        size=box_size,
        slots=slots,
        from_epoch=from_epoch,
        retention_days=retention,
        days=days,
    )
    draft = propose(chain, change, clock.now())
    promised.check(directory, draft, instead=instead)
    path = folder.key_file(name)
    promised.check_output(output, path.stem, [one.note for one in folder.kept_roots()])
    draft = draft.cosigned(folder.signer(path.stem, passphrase.ask(f"the key of {path.stem}")))
    promised.remember(directory, draft)
    files.write_whole(output, draft.data, mode=0o644)
    lines = describe.draft(draft, folder.kept_roots())
    folder.take_roots(draft)
    for line in lines:
        click.echo(line)
    _tell(draft, directory, output)


def cosign_roots(folder: AdminFolder, data: bytes, name: str | None, output: Path, *, instead: bool) -> None:
    """Sign the newest root of a file, after it was shown in words; take finished roots into the folder."""
    draft, kept = read_draft(data), folder.kept_roots()
    folder.check_roots(draft, instead=instead)
    lines = describe.draft(draft, kept)
    if not kept:
        lines.append(
            f"This folder knows no drop yet. COMPARE the fingerprint with the printed one: {root.fingerprint(draft.drop_id)}"
        )
    if draft.finished() is None:
        check_draft(draft, clock.now())
        promised.check(folder.path, draft, instead=instead)
        path = folder.key_file(name)
        if path.stem in {key.name for _, tally in draft.tallies() for key in tally.signed}:
            raise Refused(f"{path.stem} has signed this already; still missing: {draft.lacking()}.")
        confirm(lines, "Sign this?")
        draft = draft.cosigned(folder.signer(path.stem, passphrase.ask(f"the key of {path.stem}")))
        promised.remember(folder.path, draft)
        files.write_whole(output, draft.data, mode=0o644)
    else:
        other = promised.other(folder.path, draft)
        lines += (
            [f"CAREFUL: {other}; two finished roots of one version split the drop, so ask all others first."] if other else []
        )
        # With all signatures there is nothing to add; the folder only takes the finished roots in.
        confirm(lines, "Take these roots into this folder?")
    folder.take_roots(draft)
    _tell(draft, folder.path, output)


def _public(path: Path) -> NoteKey:
    return NoteKey.parse(files.read(path, 4096).decode("utf-8", "replace"))


def _tell(draft: Draft, directory: Path, path: Path) -> None:
    lacking = draft.lacking()
    if lacking:
        click.echo(f"Wrote {path}. Still missing: {lacking}. Next: knothole keys cosign DIR {path.name}")
    elif draft.before is None:
        click.echo(f"{path} is signed by all administrators. The drop's fingerprint, to be printed wherever you can:")
        click.echo(root.fingerprint(draft.drop_id))
    else:
        click.echo(
            f"Root {draft.root.version} has all signatures that it needs, and is in {directory}. The other administrators take"
        )
        click.echo(f"it in with `knothole keys cosign DIR {path.name}`; then make a roster under it and publish both together.")
