"""A page as a phone and a desktop show it: headless Chromium, with everything that it asked the network for."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_SECONDS = 60


class NoBrowser(Exception):
    """There is no Chromium, and these tests can't do without."""


@dataclass(frozen=True)
class Shown:
    """What a browser made of a page: its document, a picture, and the addresses that it asked for."""

    dom: str
    picture: Path
    asked: list[str]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels, as its PNG header says."""
        header = self.picture.read_bytes()[16:24]
        width, height = struct.unpack(">II", header)
        return int(width), int(height)

    @property
    def title(self) -> str:
        """The document's title, as scripts left it."""
        return self.dom.split("<title>", 1)[1].split("</title>", 1)[0]


def chromium() -> str:
    """The browser's path. Raises: NoBrowser saying how to get one."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise NoBrowser("Chromium is not installed: run tools/chromium.sh (Debian and Ubuntu: apt install chromium)")
    return found


def show(page: Path, folder: Path, width: int, height: int = 900, *, is_dark: bool = False) -> Shown:
    """Open a page from the disk in a window of a width in CSS pixels. `folder` is for the browser's files."""
    picture, log = folder / f"{page.stem}-{width}.png", folder / f"net-{width}.json"
    options = [
        chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
        f"--user-data-dir={folder / f'profile-{width}'}", f"--window-size={width},{height}", "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--log-net-log={log}", f"--screenshot={picture}", "--virtual-time-budget=1000", "--dump-dom",
        *(["--blink-settings=preferredColorScheme=0"] if is_dark else []),
    ]  # fmt: skip
    ended = subprocess.run(
        [*options, page.as_uri()], capture_output=True, text=True, timeout=_SECONDS, check=True, encoding="utf-8"
    )
    return Shown(ended.stdout, picture, _asked(log))


# What Chromium itself asks its makers for, page or no page; none of them serves anything that a page could want.
_MAKERS = {"clients2.google.com", "update.googleapis.com", "accounts.google.com", "android.clients.google.com",
           "content-autofill.googleapis.com", "optimizationguide-pa.googleapis.com", "safebrowsing.googleapis.com",
           "edgedl.me.gvt1.com", "redirector.gvt1.com", "www.google.com"}  # fmt: skip


def _asked(log: Path) -> list[str]:
    """Addresses of all requests that went beyond the disk, the browser's own left out."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    urls = {str(event["params"]["url"]) for event in events if "url" in event.get("params", {})}
    beyond = [url for url in urls if urlsplit(url).scheme in ("http", "https", "ws", "wss", "ftp")]
    return sorted(url for url in beyond if urlsplit(url).hostname not in _MAKERS)
