"""Draw letters as pictures into docs/pictures/letters/; by hand: `python -m tests.support.letter_pictures`.

Each picture replaces the one before. `--dark FOLDER` draws the dark variants into another folder.
"""

import base64
import math
import struct
import sys
import zlib
from collections import Counter
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from models.letters import LetterKind
from models.settings import REPOSITORY
from tasks.letters.render import LANGUAGES, render
from tests.support.letter_samples import sample

FOLDER = REPOSITORY / "docs" / "pictures" / "letters"
WIDTH, LARGEST, COLOURS = 680, 95_000, 16  # pixels, bytes, and shades enough for smooth letters
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",
]
PIXELS = """async png => {
  const blob = new Blob([Uint8Array.from(atob(png), c => c.charCodeAt(0))], {type: "image/png"});
  const picture = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const {data} = canvas.getImageData(0, 0, picture.width, picture.height);
  const reader = new FileReader();
  const read = new Promise(done => { reader.onload = () => done(reader.result.split(",")[1]); });
  reader.readAsDataURL(new Blob([data]));
  return [picture.width, picture.height, await read];
}"""


def small_png(width: int, height: int, rgba: bytes) -> bytes:
    """Encode with the `COLOURS` most frequent colours, each pixel as the nearest one (PNG, 3rd edition, 11.2)."""
    counted = Counter(struct.iter_unpack("4B", rgba))
    colours = [pixel[:3] for pixel, _ in counted.most_common(COLOURS)]
    index = {
        pixel: min(range(len(colours)), key=lambda place: math.dist(colours[place], pixel[:3]))
        for pixel in counted
    }
    points = bytes(index[pixel] for pixel in struct.iter_unpack("4B", rgba))
    palette = bytes(channel for colour in colours for channel in colour)
    lines = b"".join(b"\0" + points[start : start + width] for start in range(0, len(points), width))
    header = struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def draw(folder: Path = FOLDER, *, dark: bool = False) -> list[Path]:
    """Write `<language>-<kind>.png` for each drawn letter, and say which files."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": 200},
            color_scheme="dark" if dark else "light",
            offline=True,
        )
        drawn = [
            _draw(page, kind, language, folder / f"{language}-{kind}.png")
            for kind in LetterKind
            if kind is not LetterKind.REPORT  # its pictures come with the mail: docs/pictures/sla/
            for language in LANGUAGES
        ]
        browser.close()
    return drawn


def _draw(page: Page, kind: LetterKind, language: str, target: Path) -> Path:
    page.set_content(render(kind, language, sample(kind, language)).html)
    screenshot = base64.b64encode(page.screenshot(full_page=True)).decode()
    width, height, pixels = page.evaluate(PIXELS, screenshot)
    target.write_bytes(small_png(width, height, base64.b64decode(pixels)))
    return target


if __name__ == "__main__":
    pictures = draw(Path(sys.argv[2]), dark=True) if "--dark" in sys.argv else draw()
    if too_large := [picture.name for picture in pictures if picture.stat().st_size > LARGEST]:
        sys.exit(f"Make these pictures smaller than {LARGEST} bytes: {', '.join(too_large)}.")
