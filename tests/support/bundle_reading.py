"""Read an export bundle as a test does: its files, and its page section by section."""

import io
import zipfile
from html.parser import HTMLParser


def unpack(bundle: bytes) -> dict[str, bytes]:
    """The files of a bundle by name."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


class Page(HTMLParser):
    """Text of each section, links, and every tag that could run or load something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.links: list[str | None] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self._open, self.lang = "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.handlers += [name for name in given if name.startswith("on")]
        if tag == "html":
            self.lang = given["lang"] or ""
        if tag == "section":
            self._open = given.get("id") or "data"
        if tag == "a":
            self.links.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self._open = ""

    def handle_data(self, data: str) -> None:
        self.sections[self._open] = self.sections.get(self._open, "") + data
