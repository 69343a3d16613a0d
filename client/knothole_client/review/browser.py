"""A browser for the review desk alone: a profile that lies in memory, knows no other site, and is gone afterwards."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from knothole_keys.errors import Refused

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FIREFOX = ("firefox-esr", "firefox")
# File systems that lie in memory, by what /proc/mounts calls them.
_MEMORY = {"tmpfs", "ramfs"}
_WAIT = 5
# Nothing is fetched, offered, remembered or reported, and no name leads anywhere but to this machine.
_SWITCHES = [
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-gpu-shader-disk-cache",
    "--disk-cache-size=1",
    "--dns-prefetch-disable",
    "--no-pings",
    "--password-store=basic",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--blink-settings=scriptEnabled=false",
]
_PREFERENCES: dict[str, str | int] = {
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.cache.disk.enable": False,
    "browser.formfill.enable": False,
    "browser.privatebrowsing.autostart": True,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.sessionstore.privacy_level": 2,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.security.https_only_mode_pbm": False,
    "extensions.enabledScopes": 0,
    "javascript.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    # Whatever is not this machine goes to a proxy that is not there.
    "network.proxy.no_proxies_on": "127.0.0.1",
    "network.proxy.allow_hijacking_localhost": False,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": 1,
    "network.proxy.type": 1,
    "services.settings.server": "",
    "signon.rememberSignons": False,
    "toolkit.telemetry.enabled": False,
}


@contextlib.contextmanager
def opened(link: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Open the link; at the end the browser is closed and its profile removed. Raises Refused.

    The link stands in the list of processes until the browser has used it. Another account of this machine that is quicker is
    in the open vault, and the rightful browser is refused: SECURITY.md says so, and `--no-open` avoids it.
    """
    program = next((found for name in (*_CHROMIUM, *_FIREFOX) if (found := shutil.which(name))), None)
    if program is None:
        raise Refused("There is no Chromium and no Firefox here: start with --no-open, and open the link yourself.")
    profile = Path(tempfile.mkdtemp(prefix="knothole-desk-", dir=memory()))
    browser: subprocess.Popen[bytes] | None = None
    try:
        browser = subprocess.Popen(
            [program, *arguments(program, profile), link],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # What it keeps outside of its profile (caches, recently used files) lies there, too.
            env={**os.environ, "HOME": str(profile), "XDG_CACHE_HOME": str(profile), "XDG_CONFIG_HOME": str(profile),
                 "XDG_DATA_HOME": str(profile), "TMPDIR": str(profile)},
        )  # fmt: skip
        yield browser
    finally:
        if browser is not None:
            browser.terminate()
            try:
                browser.wait(_WAIT)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait()
        shutil.rmtree(profile, ignore_errors=True)


def memory() -> Path:
    """A folder that lies in memory. Raises Refused."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines()]
    kinds = {Path(fields[1]): fields[2] for fields in mounts if len(fields) > 2}
    for one in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"):  # noqa: S108 - looked at before it is used
        folder = Path(one) if one else None
        if folder and folder.is_dir() and os.access(folder, os.W_OK):
            mounted = next((kinds[path] for path in (folder, *folder.parents) if path in kinds), "")
            if mounted in _MEMORY:
                return folder
    raise Refused(
        "No folder here lies in memory, so a browser would write its profile to a disk: start with --no-open, and take a "
        "browser whose profile does not."
    )


def arguments(program: str, profile: Path) -> list[str]:
    """What makes this browser one for the desk alone."""
    if Path(program).name in _FIREFOX:
        lines = [f"user_pref({_js(name)}, {_js(value)});\n" for name, value in _PREFERENCES.items()]
        (profile / "user.js").write_text("".join(lines))
        return ["--no-remote", "--new-instance", "--private-window", "--profile", str(profile)]
    # Chromium refuses to sandbox as root.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [*_SWITCHES, *root, f"--user-data-dir={profile}", "--incognito"]


def _js(value: str | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'
