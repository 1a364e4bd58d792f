"""A request for erasure, approved in the real Prefect UI, and held against every row of the site's database."""

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from models.settings import REPOSITORY
from tests.support.browsing import LOCAL
from tests.support.erasure_story import HUGO, NAME, NOTE, NOTED, Story, live
from tests.support.running import Running

pytestmark = pytest.mark.long
SITE = yaml.safe_load((REPOSITORY / "data_map" / "site_db.yaml").read_text())["tables"]
TABLES = {spec["title"]["fr"]: table for table, spec in SITE.items()}
UNTIL = re.compile(r"31 décembre 20\d\d, article 17, paragraphe 3, point b, du RGPD ; article L123-22")


class Planned(NamedTuple):
    """What the officer read of one row of the site: action, the titles of blanked columns, until when and why."""

    action: str
    blanked: list[str]
    why: str


@pytest.fixture(scope="module")
def story(demo: Running, tmp_path_factory: pytest.TempPathFactory) -> Story:
    album = Path(os.environ.get("DSR_PICTURES") or tmp_path_factory.mktemp("pictures"))
    return live(demo, album)


def approved(story: Story) -> dict[tuple[str, int], Planned]:
    """The plan of the site's database as the form showed it, row by row."""
    plan = {}
    for what, happens, why in (row for table in story.plan for row in table):
        title, _, numbers = what.partition(" n° ")
        if title in TABLES:
            action, _, columns = happens.partition(", en effaçant : ")
            for number in numbers.split(", "):
                plan[TABLES[title], int(number)] = Planned(action, columns.split(", "), why)
    return plan


def test_the_officer_sees_counts_and_warning_without_scrolling(story: Story) -> None:
    assert [text for text in story.seen if text.startswith("Supprimer 3 · minimiser 3 · conserver 3")]
    assert [text for text in story.seen if "pas de retour possible" in text]


def test_the_table_says_for_each_record_what_happens_until_when_and_why(story: Story) -> None:
    plan = approved(story)
    assert {row.action for row in plan.values()} == {"supprimer", "minimiser", "conserver"}
    assert [row for row in plan.values() if row.action == "conserver"]
    for row in plan.values():
        assert bool(UNTIL.match(row.why)) is (row.action != "supprimer"), row
    assert any("C-00080" in line[0] and UNTIL.match(line[2]) for table in story.plan for line in table)
    for expected in ("Enregistrement", "Ce qui se passe", "Conservé jusqu’au, base légale", HUGO, "Elay"):
        assert expected in story.forms[1], expected
    assert "\\" not in story.forms[1], "no Markdown sign shows"


def test_an_approval_does_not_cover_data_that_came_later(story: Story) -> None:
    first, again = story.forms
    assert "À revoir" not in first
    assert "À revoir" in again
    assert "form_submissions" in again
    assert "Supprimer 4 · minimiser 3 · conserver 3" in again


def test_the_database_is_what_the_officer_approved_and_nothing_else_changed(story: Story) -> None:
    plan = approved(story)
    assert {table: sorted(rows) for table, rows in story.after.items()} == {
        table: sorted(
            number for number in rows if plan.get((table, number), Planned("", [], "")).action != "supprimer"
        )
        for table, rows in story.before.items()
    }
    phone = story.before["contacts"][81]["phone"]
    for table, rows in story.after.items():
        for number, row in rows.items():
            before, planned = story.before[table][number], plan.get((table, number))
            columns = SITE[table]["columns"] if planned else {}
            titles = {name: spec.get("title", {}).get("fr", name) for name, spec in columns.items()}
            blanked = {name for name, title in titles.items() if planned and title in planned.blanked}
            assert len(blanked) == (len(planned.blanked) if planned else 0)
            for name, value in row.items():
                if name not in blanked:
                    assert value == before[name], (table, number, name)
                else:
                    assert not [known for known in (HUGO, NAME, phone) if str(known) in str(value)], name


def test_the_kept_invoice_is_whole_but_for_what_the_law_does_not_need(story: Story) -> None:
    kept = [story.after[table][number] for table, number in approved(story) if table == "invoices"]
    assert len(kept) == 2
    assert all(row["billing_name"] == NAME and row["billing_mail"] is None for row in kept)
    assert all(re.match(r"F20\d\d-", str(row["number"])) for row in kept)


def test_each_colleague_is_told_what_to_do_and_what_to_keep(story: Story) -> None:
    assert HUGO in story.tasks["elay@nexoris.com"]
    assert "C-00080 : conserver jusqu’au" in story.tasks["billing@nexoris.com"]


def test_mentions_in_the_notes_of_others_are_judged_and_stay(story: Story) -> None:
    assert "2 textes nomment encore la personne" in story.leftover
    assert f"Notes de nos équipes : {len(NOTED)} enregistrements" in story.leftover
    assert ", ".join(map(str, NOTED)) in story.leftover
    assert [story.after["contacts"][number]["notes"] for number in NOTED] == [NOTE] * len(NOTED)


def test_the_reply_says_what_is_kept_until_when_and_why(story: Story) -> None:
    reply = story.reply.replace("\u00a0", " ")
    for expected in (story.ref, "31 décembre 2035", "L123-22"):
        assert expected in reply, expected


def test_the_desk_shows_plans_effects_and_what_was_left(story: Story) -> None:
    for expected in (
        "approuvé par Claire Martin",
        "pas exécuté partout",
        "Factures n° ",
        "lun. 31 déc. 2035",
        "article L123-22",
        "0 en trop, 2 mentions chez d’autres",
        "Fiche de contact n° 41, 73",
        "Effacement exécuté",
        "Journal intact",
    ):
        assert expected in story.case.replace("\u00a0", " "), expected


def test_no_page_asks_any_other_machine(story: Story) -> None:
    assert story.hosts <= LOCAL


def test_axe_finds_no_fault_with_tasks_and_desk(story: Story) -> None:
    assert set(story.violations) == {"task elay@nexoris.com", "task billing@nexoris.com", "case"}
    assert [(page, fault) for page, faults in story.violations.items() for fault in faults] == []
