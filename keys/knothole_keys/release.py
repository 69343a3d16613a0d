"""The page's release as it is installed here: the template, and the SHA-256 of every file that a server of it serves.

`npm run build` writes both beside this module while it builds the page, and wheels carry them. Their bytes follow from the
sources and lock file alone, so that anybody who builds the same release has the same manifest.

    release/manifest.json   {"assets": {"/page.js": hex, …}, "format": "knothole-release/2", "template": hex, "texts": hex}
    release/page.html       the template, of that hash
    release/texts.json      its texts in the other languages, of that hash: {"de": {"reviewed": false, "texts": {…}}, …}
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from knothole_keys import canonical, fields, files
from knothole_keys.errors import KnotholeError, Refused
from knothole_keys.page import TEMPLATE, TEXTS, TYPES, Template

FORMAT = "knothole-release/2"
MANIFEST = "manifest.json"
FOLDER = Path(__file__).with_name("release")
_MOST = 2**20
_ADDRESS = re.compile(r"/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True)
class Release:
    """The template with its texts, each asset's hash (32 bytes) by its address, and the manifest's own hash."""

    template: Template
    assets: dict[str, bytes]
    hash: bytes


def installed(folder: Path = FOLDER) -> Release:
    """The release that is installed here. Raises Refused when it is missing, or its parts do not fit together."""
    if not (folder / MANIFEST).exists():
        raise Refused(f"{folder / MANIFEST} is missing: there is nothing to compare with; run `make page`, or install a wheel.")
    try:
        manifest = files.read(folder / MANIFEST, _MOST)
        template, texts = (files.read(folder / name, _MOST) for name in (TEMPLATE, TEXTS))
        assets = _read(manifest, {"template": template, "texts": texts})
        return Release(Template.read(template, texts), assets, hashlib.sha256(manifest).digest())
    except KnotholeError:
        raise Refused(f"{folder} is damaged, so nothing can be compared with it; install Knothole anew.") from None


def _read(manifest: bytes, parts: dict[str, bytes]) -> dict[str, bytes]:
    value = fields.members(canonical.decode(manifest), {"assets", "format", *parts}, Refused, "The manifest")
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    if value["format"] != FORMAT or any(value[name] != digest for name, digest in hashes.items()):
        raise Refused("The manifest does not fit the template and its texts.")
    assets = value["assets"]
    if not isinstance(assets, dict) or not assets or not all(_is_asset(address) for address in assets):
        raise Refused("The manifest's list of assets is not one.")
    return {address: fields.hex_bytes(digest, 32, Refused, "An asset's hash") for address, digest in assets.items()}


def _is_asset(address: str) -> bool:
    return _ADDRESS.fullmatch(address) is not None and Path(address).suffix in TYPES
