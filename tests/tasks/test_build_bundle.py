"""The export bundle: complete or refused (F3, F9), faithful (R1.11), harmless to open (peers.md test 12)."""

import csv
import hashlib
import io
import json
import re
import stat
import zipfile
from urllib.parse import unquote

import pytest

from models.bundle import Withheld
from models.errors import MapIncomplete, NeedsHuman
from models.records import Document, FindingStatus, Record
from tasks.exports.build_bundle import build_bundle, check_complete
from tasks.exports.bundle_page import words
from tests.support.bundle_reading import Page, unpack
from tests.support.bundle_samples import (
    DISCLOSED,
    SEARCHED,
    client_findings,
    data_map,
    nothing,
    subject,
    visitor_findings,
    with_records,
)

SECTIONS = [f"R1.{number}" for number in range(1, 15)]
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{% raw %}\x00\u202e"


def built(language="en", findings=None, withheld=()):
    return unpack(build_bundle(subject(language, withheld), data_map(), findings or client_findings(), ()))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_item_of_the_checklist_has_its_section(language):
    page = Page(built(language)["index.html"].decode())
    assert page.lang == language
    assert [section for section in SECTIONS if not page.sections.get(section, "").strip()] == []


def test_sections_speak_of_this_person():
    """R1.2 to R1.10, each with content of the client's own data."""
    said = Page(built("en")["index.html"].decode()).sections
    assert "all 3 systems" in said["R1.1"]
    assert "Preparing and following contracts" in said["R1.2"]
    assert "Contract" in said["R1.2"]
    assert "Name invoiced" in said["R1.3"]
    assert "Clever Cloud SAS" in said["R1.4"]
    assert "Until 31 December 2035" in said["R1.5"]
    assert "commercial messages" in said["R1.6"]
    assert "CNIL" in said["R1.7"]
    assert "contract or order" in said["R1.8"]
    assert "no decision" in said["R1.9"]
    assert "no transfer" in said["R1.10"]
    assert "23 November 2026" in said["R1.12"]
    assert "proposal sent" in said["R1.13"]
    assert "Nothing" in said["R1.14"]


def test_two_people_get_different_answers():
    client, visitor = (
        Page(built("fr", findings)["index.html"].decode()).sections
        for findings in (client_findings(), visitor_findings())
    )
    for section in ("R1.2", "R1.3", "R1.4", "R1.5", "R1.6", "R1.8"):
        assert client[section] != visitor[section]
    assert "13" not in visitor["R1.4"]
    assert "Treize mois" in visitor["R1.5"]
    assert "Retrait du consentement" in visitor["R1.6"]
    assert "Outil de facturation, Elay" in visitor["R1.11"]


def test_the_same_input_gives_the_same_bytes():
    once = build_bundle(subject(), data_map(), client_findings(), DISCLOSED)
    assert once == build_bundle(
        subject(), data_map(), list(reversed(client_findings())), list(reversed(DISCLOSED))
    )


def test_the_manifest_lists_every_file_with_its_hash():
    files = built()
    manifest = json.loads(files.pop("manifest.json"))
    assert {entry["name"]: (entry["sha256"], entry["bytes"]) for entry in manifest["files"]} == {
        name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()
    }
    assert manifest["case"] == "DSR-2026-0042"
    assert manifest["systems_searched"] == manifest["systems_in_data_map"] == 3
    assert manifest["state_of_data_at"] == SEARCHED.isoformat()
    assert {entry["system"]: entry["records"] + entry["documents"] for entry in manifest["systems"]} == {
        "billing": 1,
        "elay": 2,
        "site_db": 6,
    }


def test_links_lead_to_files_of_the_archive_and_nowhere_else():
    files = built()
    links = Page(files["index.html"].decode()).links
    local = {unquote(link) for link in links if not link.startswith(("#", "mailto:", "https://www.cnil.fr/"))}
    assert local == {name for name in files if "/" in name}


def test_the_page_loads_and_runs_nothing():
    html = built()["index.html"].decode()
    page = Page(html)
    assert page.tags.isdisjoint({"script", "img", "iframe", "object", "link", "form", "base", "embed"})
    assert "url(" not in html
    assert "@import" not in html


def test_json_is_faithful_and_csv_reads_well():
    files = built("fr")
    rows = json.loads(files["data/site_db/contacts.json"])
    assert rows["rows"] == [client_findings()[0].records[0].data]
    assert rows["columns"]["phone"]["title"] == "Téléphone"
    assert files["data/site_db/deals.csv"].startswith(b"\xef\xbb\xbf")
    sheet = list(csv.reader(io.StringIO(files["data/site_db/deals.csv"].decode("utf-8-sig"))))
    assert sheet[0] == ["Étape", "Intitulé", "Montant (EUR)", "Clôturée le", "Conservé jusqu’au"]
    assert sheet[2] == ["2", "Tableau de bord", "9600", "", ""]


def test_documents_keep_their_bytes():
    files = built()
    assert files["documents/elay/001-Fiche Elay.pdf"] == b"%PDF-1.4 sample"
    assert files["documents/elay/002-historique.html.txt"] == b"<p>Rendez-vous du 3 mars</p>"


def test_rows_past_their_period_are_said_to_be_due_for_deletion():
    """D22: answer first, delete after, and say so."""
    record = (
        visitor_findings()[2].records[1].model_copy(update={"keep_until": SEARCHED.date().replace(year=2025)})
    )
    said = Page(
        built("en", [nothing("billing"), nothing("elay"), with_records("site_db", record)])[
            "index.html"
        ].decode()
    ).sections
    assert "due for deletion" in said["R1.5"]


def test_withheld_items_are_marked_listed_and_gone_everywhere():
    """R1.14 with C4."""
    reason = "it speaks of a colleague’s health"
    entries = (
        Withheld("site_db", "contacts.notes", reason),
        Withheld("site_db", "email_log.body#2", reason),
        Withheld("elay", "document:Fiche Elay.pdf", reason),
    )
    files = built("en", withheld=entries)
    said = Page(files["index.html"].decode()).sections["R1.14"]
    assert said.count(reason) == 3
    assert "Contact record – Notes of our team" in said
    assert "row 2" in said
    assert "court" in said
    assert "CNIL" in said
    everything = b"".join(files.values()).decode()
    assert "Préfère être appelée" not in everything
    assert "devis corrigé" not in everything
    assert "Merci pour votre proposition" in everything
    assert "%PDF-1.4 sample" not in everything
    assert json.loads(files["data/site_db/contacts.json"])["rows"][0]["notes"] == f"[withheld: {reason}]"


def refused(findings):
    with pytest.raises(NeedsHuman) as refusal:
        build_bundle(subject(), data_map(), findings, ())
    return str(refusal.value)


@pytest.mark.parametrize("missing", ["site_db", "billing", "elay"])
def test_a_system_without_finding_is_refused_by_name(missing):
    """F3."""
    assert missing in refused([finding for finding in client_findings() if finding.system != missing])


@pytest.mark.parametrize("status", [FindingStatus.FAILED, FindingStatus.WAITING])
def test_a_system_that_did_not_answer_is_refused_by_name(status):
    findings = client_findings()
    findings[1] = nothing("billing").model_copy(update={"status": status})
    assert "billing" in refused(findings)


def test_found_without_copy_is_refused():
    """F9: information without copy."""
    findings = client_findings()
    findings[1] = with_records("billing")
    assert "billing" in refused(findings)


def test_nothing_with_data_is_refused():
    findings = client_findings()
    findings[1] = findings[1].model_copy(update={"status": FindingStatus.NONE})
    assert "billing" in refused(findings)


def test_a_copy_without_information_is_refused():
    """F9, the reverse: documents whose purpose no table states, or a map that lost a source."""
    findings = client_findings()
    findings[1] = with_records(
        "billing", documents=(Document(name="a.pdf", media_type="application/pdf", content=b"a"),)
    )
    assert "billing" in refused(findings)
    original = data_map()
    poor = original.model_copy(update={"controller": original.controller.model_copy(update={"sources": {}})})
    with pytest.raises(MapIncomplete, match="your_exchanges"):
        check_complete(poor, client_findings())


def test_two_findings_of_one_system_or_an_unknown_system_are_refused():
    assert "site_db" in refused([*client_findings(), client_findings()[0]])
    assert "shadow" in refused([*client_findings(), nothing("shadow")])


def test_nothing_at_all_is_another_letter():
    assert "letter" in refused([nothing("site_db"), nothing("billing"), nothing("elay")])


def test_hostile_values_are_text():
    findings = client_findings()
    findings[0] = with_records(
        "site_db", Record(table="contacts", key={"id": 1}, data={"full_name": EVIL, "notes": EVIL})
    )
    findings[2] = with_records("elay", documents=(Document(name=EVIL, media_type=EVIL, content=b"x"),))
    hostile = subject("en", (Withheld("site_db", "contacts.notes", EVIL),)).model_copy(update={"name": EVIL})
    files = unpack(build_bundle(hostile, data_map(), findings, ()))
    html = files["index.html"].decode()
    page = Page(html)
    assert page.tags.isdisjoint({"script", "img"})
    assert page.handlers == []
    assert "{{7*7}}" in html
    assert "\x00" not in html
    assert json.loads(files["data/site_db/contacts.json"])["rows"][0]["full_name"] == EVIL


def test_duplicate_document_names_are_both_kept():
    twice = tuple(
        Document(name="scan.pdf", media_type="application/pdf", content=content) for content in (b"1", b"2")
    )
    files = built(findings=[nothing("billing"), nothing("site_db"), with_records("elay", documents=twice)])
    assert [files[f"documents/elay/00{number}-scan.pdf"] for number in (1, 2)] == [b"1", b"2"]


def test_entries_are_plain_files_with_one_time_stamp():
    bundle = build_bundle(subject(), data_map(), client_findings(), DISCLOSED)
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        entries = archive.infolist()
    assert {stat.S_IFMT(entry.external_attr >> 16) for entry in entries} == {stat.S_IFREG}
    assert {entry.date_time for entry in entries} == {(2026, 11, 23, 10, 30, 0)}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def keys(value, path=()):
    if not isinstance(value, dict):
        return {(*path, len(value) if isinstance(value, list) else re.findall(r"\{\w*\}", value).__len__())}
    return {key for name, inner in value.items() for key in keys(inner, (*path, str(name)))}


def test_both_languages_have_the_same_words_with_the_same_blanks():
    assert keys(words("fr")) == keys(words("en"))


def test_french_has_no_break_spaces():
    assert "vous\u00a0?" in built("fr")["index.html"].decode()
    assert not re.search(r"\w [?!;:»](\s|$)|« ", str(words("fr")))
