"""The demo's billing tool, which no connector changes: its administrator reads the task and exports the cards anew.

Doing it again changes nothing: what is gone stays gone, what is corrected stays so.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from models.data_map import CsvSystem
from models.data_map_loading import load_data_map
from models.settings import settings

CHANGED = re.compile(r"(?P<title>.+?) : (?P<before>.*) → (?P<after>.*)")
CARD = re.compile(r"n[°o]\.? (?P<number>\S+) : (?P<what>.+)")
BLANK = re.compile(r"\((?:effacer|blank) ?: (.+)\)")
GONE = ("supprimer", "delete")


def carry_out(export: Path, addresses: Iterable[str], lines: Iterable[str]) -> None:
    """Do what the task's `lines` say to the cards of the person with these addresses, and export all cards again."""
    with export.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=";")
        cards, header = list(reader), list(reader.fieldnames or ())
    wanted = {address.casefold() for address in addresses}
    mine = {card["customer_id"] for card in cards if card["email"].casefold() in wanted}
    for line in lines:
        if found := CARD.search(line):
            cards = _erased(cards, found["number"], found["what"])
        elif found := CHANGED.fullmatch(line):
            for card in cards:
                if card["customer_id"] in mine:
                    card[_column(found["title"])] = found["after"]
    fresh = export.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, delimiter=";")
        writer.writeheader()
        writer.writerows(cards)
    fresh.replace(export)


def _erased(cards: list[dict[str, str]], number: str, what: str) -> list[dict[str, str]]:
    """Delete the card, or blank the fields that the line names."""
    if what.startswith(GONE):
        return [card for card in cards if card["customer_id"] != number]
    blank = BLANK.search(what)
    titles = blank[1].split(", ") if blank else []
    for card in cards:
        if card["customer_id"] == number:
            card |= {_column(title): "" for title in titles if title != "–"}
    return cards


def _column(title: str) -> str:
    """Return the export's column that the task calls by its title."""
    spec = load_data_map(settings().data_map).systems["billing"]
    assert isinstance(spec, CsvSystem)
    titles = {
        said: name
        for table in spec.tables.values()
        for name, column in table.columns.items()
        if column.title
        for said in (column.title.fr, column.title.en)
    }
    return titles[title]
