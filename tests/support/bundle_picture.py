"""Take the pictures of the export bundle for `docs/pictures`: `python -m tests.support.bundle_picture`."""

import io
import tempfile
import zipfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from models.bundle import Withheld
from models.calendar import Language
from models.settings import REPOSITORY
from tasks.exports.build_bundle import build_bundle
from tests.support.bundle_samples import DISCLOSED, client_findings, data_map, subject

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REASONS: dict[Language, str] = {
    "fr": "ce texte parle de la vie privée d’une autre personne",
    "en": "this text speaks of another person’s private life",
}


def take(browser: Browser, language: Language, folder: Path, *, whole: bool) -> None:
    """Write `bundle-<language>.png`: the top of the page, or all of it."""
    withheld = (Withheld("site_db", "contacts.notes", REASONS[language]),)
    bundle = build_bundle(subject(language, withheld), data_map(), client_findings(), DISCLOSED)
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        archive.extractall(unpacked)
        page = browser.new_page(viewport={"width": 1100, "height": 1400})
        page.goto((Path(unpacked) / "index.html").as_uri())
        page.screenshot(path=folder / f"bundle-{language}.png", full_page=whole)
        if whole:
            page.pdf(path=folder / f"bundle-{language}.pdf", format="A4")
        page.close()


def take_all(folder: Path, *, whole: bool = False) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for language in REASONS:
            take(browser, language, folder, whole=whole)
        browser.close()


if __name__ == "__main__":
    take_all(REPOSITORY / "docs" / "pictures")
