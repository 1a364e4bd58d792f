"""Every number of the figures stands beside its label wherever it is shown, in both languages (issue 5, done when 1).

The numbers were counted on paper (tests/support/sla_expected.py), the labels come from the words file. Whether the
queries count alike on both engines is shown in tests/tasks/test_sla_figures.py; here one engine is enough.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.calendar import Language
from tasks.figures.sla_say import words
from tests.conftest import forget_settings
from tests.support.sla_expected import (
    FORECAST,
    OCTOBER,
    OVERDUE,
    UNANSWERED,
    WEEK,
    Lines,
    columns_of,
    expected,
    label,
    note,
    rows,
    tiles,
    totals,
)
from tests.support.sla_rendered import Rows, Shown, flat, markdown_tables, shown, table_below, table_rows

NOTED = ("volume", "days", "refusals", "stages")
"""The sections whose sentence says a number."""
MAILED = {"standing": (), "blocked": (), "months": ("received", "promise_share", "law_share"), "rights": ("received", "promise_share", "law_share", "p50", "p90"), "days": ()}  # fmt: skip
"""The tables of the mail and of the artifact with their columns, none: all; besides them the totals, and `volume` drawn."""
LEFT_TO_THE_PDF = {"ages", "waiting", "stages", "waited", "outcomes", "extensions", "refusals", "identity", "channels", "bounced"}  # fmt: skip


@pytest.fixture(scope="module", params=["fr", "en"])
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path
) -> Iterator[Shown]:
    """All of it, rendered once for each language."""
    home = tmp_path_factory.mktemp("figures")
    shutil.copy(migrated_sqlite, home / "dsr.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DSR_")]:
            patch.delenv(name)
        patch.chdir(home)
        patch.setenv("DSR_DEMO", "true")
        patch.setenv("DSR_HOME", str(home))
        patch.setenv("DSR_MANAGERS", '["direction@nexoris.example"]')
        patch.setenv("DSR_REPORT_LANGUAGE", request.param)
        forget_settings()
        yield shown(request.param)
    forget_settings()


@pytest.fixture
def numbers(seen: Shown) -> dict[str, Lines]:
    """What was counted on paper."""
    return dict(expected(g2_kept=seen.g2_kept, k1_ended=seen.k1_ended))


def heads(language: Language, section: str, columns: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The titles of a section's columns."""
    return tuple(flat(words(language)[f"head.{column}"]) for column in columns or columns_of(section))


def flat_rows(listed: Rows) -> Rows:
    return sorted(tuple(map(flat, row)) for row in listed)


def test_every_cell_was_counted_on_paper(seen: Shown, numbers: dict[str, Lines]) -> None:
    counted = {
        (section.key, line, column): cell.raw
        for section in seen.sections
        for _, line, cells in section.rows
        for column, cell in zip(section.columns, cells, strict=True)
    }
    assert counted == {
        (section, line, column): number
        for section, lines in numbers.items()
        for line, cells in lines.items()
        for column, number in zip(columns_of(section), cells, strict=True)
    }
    assert len(counted) == 259


def test_the_page(seen: Shown, numbers: dict[str, Lines]) -> None:
    for section, lines in numbers.items():
        if section != "standing":  # tiles, below
            [panel] = seen.page.xpath(f"//section[@id='{section}']")
            head, found = table_rows(panel.xpath(".//table")[0])
            assert found == flat_rows(rows(seen.language, section, lines)), section
            assert head[1:] == heads(seen.language, section)
            title = flat(panel.xpath("./h2")[0].text_content())
            assert title == flat(words(seen.language)[f"section.{section}"])
    for section in NOTED:
        [said] = seen.page.xpath(f"//section[@id='{section}']/p[@class='quiet'][1]")
        assert flat(said.text_content()) == flat(note(seen.language, section, numbers["total"]))
    found = [
        tuple(flat(part.text_content()) for part in tile.xpath(".//span | .//strong"))
        for tile in seen.page.xpath("//li[contains(@class, 'tile')]")
    ]
    forecast = [tile for tile in found if len(tile) == 1]
    assert sorted(set(found) - set(forecast)) == sorted({tuple(map(flat, tile)) for tile in tiles(seen.language, numbers["total"])})  # fmt: skip
    month = label(seen.language, "months", "2026-11")
    assert forecast == [(flat(words(seen.language)["page.forecast"].format(month=month, **FORECAST)),)]


def test_the_csv(seen: Shown, numbers: dict[str, Lines]) -> None:
    found = {
        (line["section"], line["line"], line["line_name"], line["column"], line["column_name"]): float(
            line["value"]
        )
        for line in seen.numbers
        if line["section"] not in {"filter", "forecast"}
    }
    assert found == {
        (section, line, label(seen.language, section, line), column, words(seen.language)[f"head.{column}"]): number
        for section, lines in numbers.items()
        for line, cells in lines.items()
        for column, number in zip(columns_of(section), cells, strict=True)
    }  # fmt: skip
    forecast = {line["column"]: int(line["value"]) for line in seen.numbers if line["section"] == "forecast"}
    assert forecast == FORECAST


def test_the_pdf(seen: Shown, numbers: dict[str, Lines]) -> None:
    assert all(mail.pdf == seen.pdf for mail in seen.mails.values()), "the mail brings the same"
    known = words(seen.language)
    starts = {one.key: _found(seen.pdf, f"{one.title} {one.note}").start() for one in seen.sections if one.key != "standing"}  # fmt: skip
    assert starts.keys() == numbers.keys() - {"standing"}
    for section, start in starts.items():
        ends = [other for other in starts.values() if other > start]
        part = seen.pdf[start : min(ends, default=len(seen.pdf))]
        for name, *cells in rows(seen.language, section, numbers[section]):
            _found(part, name, *cells)
        if section in NOTED:
            _found(part, note(seen.language, section, numbers["total"]))
    top = seen.pdf[: min(starts.values())]
    on_the_page_only = {known[name] for name in ("page.unsent", "figure.received", "figure.answered", "head.p50", "head.p90")}  # fmt: skip
    for name, number, *_ in tiles(seen.language, numbers["total"]):
        if name not in on_the_page_only:
            _found(top, name, number)


def _found(text: str, name: str, *cells: str) -> re.Match[str]:
    """Where a label stands with its numbers behind it; a PDF moves letters apart ("T otal"), never the figures of a number."""
    letters = r"\s?".join(map(re.escape, "".join(name.split())))
    numbers = "".join(rf"\s{re.escape(flat(cell))}" for cell in cells)
    found = re.search(rf"(?<!\S){letters}{numbers}(?!\S)", text)
    assert found, (name, cells, text)
    return found


def test_the_mail_carries_what_it_says_it_does(seen: Shown, numbers: dict[str, Lines]) -> None:
    assert MAILED.keys() | {"total", "volume"} | LEFT_TO_THE_PDF == numbers.keys()
    for mail in seen.mails.values():
        titles = {flat(heading.text_content()) for heading in mail.html.iter("h2")}
        carried = {section for section in numbers if flat(words(seen.language)[f"section.{section}"]) in titles}  # fmt: skip
        assert carried == MAILED.keys() | {"total", "volume"}


def mailed(seen: Shown, kind: str, numbers: dict[str, Lines]) -> dict[str, Rows]:
    """The lines of each table of a report, by its title: those of twelve months, and the totals of its period beside them."""
    period = totals(WEEK if kind == "week" else OCTOBER)
    both = zip(
        rows(seen.language, "total", period), rows(seen.language, "total", numbers["total"]), strict=True
    )
    known = {
        section: rows(seen.language, section, numbers[section], columns)
        for section, columns in MAILED.items()
    }
    known["total"] = [(*short, long[1]) for short, long in both]
    return {flat(words(seen.language)[f"section.{key}"]): flat_rows(lines) for key, lines in known.items()}


def test_the_page_of_the_mail(seen: Shown, numbers: dict[str, Lines]) -> None:
    for kind, mail in seen.mails.items():
        for title, lines in mailed(seen, kind, numbers).items():
            assert table_below(mail.html, title)[1] == lines, title
        [drawn] = mail.html.xpath("//img[contains(@src, 'cid:volume.')]/@alt")
        for name, number in flat_rows(rows(seen.language, "volume", numbers["volume"])):
            assert re.search(rf"{name}\s?: {number}[.;]", flat(drawn)), name
        said = flat(mail.html.text_content())
        for section in ("volume", "days"):
            assert flat(note(seen.language, section, numbers["total"])) in said
        facts = [flat(fact.text_content()) for fact in mail.html.xpath("//dl[1]/dd")]
        assert (facts[0], facts[-1]) == (str(OVERDUE), str(UNANSWERED))
        assert re.search(rf"(?<!\S){OVERDUE} ", mail.subject)


def test_the_words_of_the_mail(seen: Shown, numbers: dict[str, Lines]) -> None:
    for kind, mail in seen.mails.items():
        said = flat(mail.text)
        tables = mailed(seen, kind, numbers)
        starts = sorted(said.index(f" {title} ") for title in tables)
        for title, lines in tables.items():
            start = said.index(f" {title} ")
            part = said[start : min((other for other in starts if other > start), default=len(said))]
            head = table_below(mail.html, title)[0]
            for name, *cells in lines:
                pairs = [rf"{re.escape(column)} ?: {re.escape(cell)}" for column, cell in zip(head[1:], cells, strict=True)]  # fmt: skip
                line = " ?; ".join(pairs) if len(cells) > 1 else re.escape(cells[0])
                assert re.search(rf"- {re.escape(name)} ?[–:] {line}(?!\S)", part), (title, name, part)
        top = said.partition("---")[0]
        assert {str(OVERDUE), str(UNANSWERED)} <= set(re.findall(r" ?: (\d+)(?!\S)", top))


def test_the_artifact_in_prefect(seen: Shown, numbers: dict[str, Lines]) -> None:
    """What `flows.report.publish` hands to Prefect; tests/flows/test_report.py shows that it arrives."""
    for kind, mail in seen.mails.items():
        tables = markdown_tables(mail.artifact)
        assert {title: lines for title, (_, lines) in tables.items()} == mailed(seen, kind, numbers)
        for title, (head, _) in tables.items():
            assert head == table_below(mail.html, title)[0]
