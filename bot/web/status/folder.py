"""The page's folder: each file is replaced whole, so that whoever reads it finds the old one or the new one.

Rules: any web server on this machine may serve it, whatever the umask. Nothing in the folder is touched but what a page made: files that are wanted no longer go, strangers' files stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.whole_files import clear_halves, replace

PAGES = ("incidents/*.html", "history/*.html")
"""Where files come and go; everything else has one name for ever."""


class Folder:
    """A folder that shows these files. Only one process writes there: whoever holds the database."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, bytes] = {}

    def write(self, files: Mapping[str, bytes]) -> None:
        """Writes what differs, the front page last, and takes away what is no more. Raises `OSError`."""
        if not self._known:
            clear_halves(self.root)
        for name in sorted(files, key=lambda name: (name == "index.html", name)):
            if self._known.get(name) != files[name] or not (self.root / name).is_file():
                self._known.pop(name, None)
                if self._on_disk(name) != files[name]:
                    self._open((self.root / name).parent)
                    replace(self.root / name, files[name], mode=0o644)
                self._known[name] = files[name]
        for pattern in PAGES:
            for old in self.root.glob(pattern):
                if old.relative_to(self.root).as_posix() not in files:
                    old.unlink(missing_ok=True)

    def _open(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self.root:
            self._open(folder.parent)
        folder.mkdir(parents=True)
        folder.chmod(0o755)

    def there(self, names: Iterable[str]) -> frozenset[str]:
        """Those of these files that there are, whoever wrote them and when."""
        return frozenset(name for name in names if (self.root / name).is_file())

    def _on_disk(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
