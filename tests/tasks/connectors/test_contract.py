"""The same promises of every kind of connector (DESIGN.md 4.8, peers.md test 7)."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.data_map import System
from models.data_map_loading import load_data_map
from models.errors import MapIncomplete, NeedsHuman, Unavailable
from models.records import Document, Finding, FindingStatus, Identifier, ManualAnswer
from tasks.check_map import check_map
from tasks.connectors import build_connector
from tasks.connectors.protocol import Connector
from tasks.samples.sample_systems import (
    CAMILLE,
    OLIVER,
    add_person,
    create_sample_systems,
    create_site_schema,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MAP = load_data_map(Path(__file__).parents[3] / "data_map")
HOSTILE = [
    "' OR '1'='1",
    "x'; DROP TABLE contacts; --",
    "%",
    "_amille.durand@atelier-lumiere.example",
    "%@atelier-lumiere.example",
    "*",
    ".*",
    CAMILLE.email + "\x00",
    CAMILLE.email + "\x00@evil.example",
    "\ud800@evil.example",
    "camille.durand@atelier\u2010lumiere.example",
    CAMILLE.email.replace("l", "\u0196"),
    CAMILLE.email + ", " + OLIVER.email,
    "",
    "   ",
    "a" * 10_000,
    "é" * 10_000,
    "💥@evil.example",
]


@dataclass
class World:
    """A system with Camille and Oliver in it; `rows` are Camille's keys, read without any code of ours."""

    spec: System
    environment: dict[str, str]
    rows: set[tuple[str, str]]
    unreachable: dict[str, str]
    add_column: Callable[[], str]

    def connector(self, environment: dict[str, str] | None = None) -> Connector:
        return build_connector(self.spec, environment or self.environment)

    def find(self, *values: tuple[str, str]) -> Finding:
        return self.connector().discover([Identifier(kind=kind, value=value) for kind, value in values], NOW)


def keys(finding: Finding) -> set[tuple[str, str]]:
    return {(record.table, str(next(iter(record.key.values())))) for record in finding.records}


def sql_world(url: str, unreachable: str) -> World:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    if not sa.inspect(engine).has_table("contacts"):
        create_site_schema(engine)
        for person in (OLIVER, CAMILLE):
            add_person(engine, person.name, person.email, NOW, language=person.language)
    questions = {
        "contacts": "SELECT id FROM contacts WHERE email = :me",
        "form_submissions": "SELECT id FROM form_submissions WHERE email = :me",
        "email_log": "SELECT id FROM email_log WHERE from_addr = :me OR to_addr = :me",
        "deals": "SELECT d.id FROM deals d JOIN contacts c ON c.id = d.contact_id WHERE c.email = :me",
        "invoices": "SELECT i.id FROM invoices i JOIN deals d ON d.id = i.deal_id JOIN contacts c ON c.id = d.contact_id WHERE c.email = :me",
    }
    with engine.connect() as connection:
        rows = {
            (table, str(key))
            for table, question in questions.items()
            for key in connection.scalars(sa.text(question), {"me": CAMILLE.email})
        }

    def add_column() -> str:
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE contacts ADD COLUMN linkedin VARCHAR(100)"))
        return "column contacts.linkedin is not in the map (data_map/site_db.yaml): add it and run the search again"

    return World(
        MAP.systems["site_db"], {"DSR_SITE_DB_URL": url}, rows, {"DSR_SITE_DB_URL": unreachable}, add_column
    )


def csv_world(environment: dict[str, str]) -> World:
    path = Path(environment["DSR_BILLING_CSV"])
    with path.open(newline="", encoding="utf-8") as file:
        cards = list(csv.DictReader(file, delimiter=";"))
    rows = {("billing_customers", card["customer_id"]) for card in cards if card["email"] == CAMILLE.email}

    def add_column() -> str:
        header, rest = path.read_text(encoding="utf-8").split("\n", 1)
        path.write_text(f"{header};linkedin\n{rest}", encoding="utf-8")
        return "column linkedin is not in the map (data_map/billing.yaml): add it and run the search again"

    gone = {"DSR_BILLING_CSV": str(path.with_name("gone.csv"))}
    return World(MAP.systems["billing"], environment, rows, gone, add_column)


@pytest.fixture(params=["sqlite", "postgres", "csv"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        return sql_world(url, f"postgresql+psycopg://postgres:@/nowhere?host={tmp_path}")
    environment = create_sample_systems(tmp_path, NOW)
    if request.param == "csv":
        return csv_world(environment)
    return sql_world(environment["DSR_SITE_DB_URL"], f"sqlite:///{tmp_path}/gone.sqlite")


def test_all_of_a_persons_rows_and_nobody_elses(world: World):
    finding = world.find(("email", CAMILLE.email))
    assert finding.status == FindingStatus.FOUND
    assert world.rows
    assert keys(finding) == world.rows
    assert len(finding.records) == len(world.rows)


def test_capitals_and_surrounding_space_do_not_matter(world: World):
    assert keys(world.find(("email", f"  {CAMILLE.email.upper()}\n"))) == world.rows


def test_an_unknown_person_has_no_rows(world: World):
    finding = world.find(("email", "nobody@unknown.example"))
    assert finding.status == FindingStatus.NONE
    assert not finding.records
    assert not finding.contact_points


def test_a_kind_of_identifier_the_system_does_not_know_finds_nothing(world: World):
    assert world.find(("shoe_size", CAMILLE.email)).status == FindingStatus.NONE
    assert world.find().status == FindingStatus.NONE


@pytest.mark.parametrize("kind", ["email", "phone", "client_number"])
def test_a_hostile_identifier_finds_nothing_and_breaks_nothing(world: World, kind: str):
    for value in HOSTILE:
        finding = world.find((kind, value))
        assert (finding.status, finding.records) == (FindingStatus.NONE, ()), value
        assert world.connector().contact_points([Identifier(kind=kind, value=value)]) == [], value
    everything = [(kind, value) for value in HOSTILE]
    assert keys(world.find(*everything, ("email", CAMILLE.email))) == world.rows


def test_an_unreachable_system_says_so(world: World):
    connector = world.connector(world.unreachable)
    for call in (
        lambda: connector.check(NOW),
        lambda: connector.discover([Identifier(kind="email", value=CAMILLE.email)], NOW),
        lambda: connector.contact_points([Identifier(kind="email", value=CAMILLE.email)]),
    ):
        with pytest.raises(Unavailable) as caught:
            call()
        assert CAMILLE.email not in str(caught.value)


def test_what_the_map_does_not_name_stops_the_search(world: World):
    sentence = world.add_column()
    for call in (
        lambda: world.connector().check(NOW),
        lambda: world.find(("email", CAMILLE.email)),
        lambda: world.connector().contact_points([]),
    ):
        with pytest.raises(MapIncomplete) as caught:
            call()
        assert str(caught.value) == sentence


def test_a_search_can_be_repeated(world: World):
    world.connector().check(NOW)
    assert world.find(("email", CAMILLE.email)) == world.find(("email", CAMILLE.email))


def test_overlapping_identifiers_do_not_double_rows(world: World):
    finding = world.find(("email", CAMILLE.email), ("email", CAMILLE.email.upper()))
    assert len(finding.records) == len(world.rows)
    assert len(finding.contact_points) == 1


def test_a_finding_survives_json(world: World):
    finding = world.find(("email", CAMILLE.email))
    assert Finding.model_validate_json(finding.model_dump_json()) == finding


def test_contact_points_are_the_persons_own_addresses_on_file(world: World):
    points = world.connector().contact_points([Identifier(kind="email", value=CAMILLE.email.upper())])
    assert [(point.system, point.kind, point.value) for point in points] == [
        (world.spec.system, "email", CAMILLE.email)
    ]
    assert list(world.find(("email", CAMILLE.email)).contact_points) == points


def test_only_exported_columns_leave_and_third_parties_are_marked(world: World):
    for record in world.find(("email", CAMILLE.email)).records:
        table = world.spec.tables[record.table]
        assert set(record.data) == {name for name, column in table.columns.items() if column.export}
        assert set(record.to_review) == {
            name for name, column in table.columns.items() if column.third_party and record.data.get(name)
        }


def test_a_missing_variable_is_named(world: World):
    with pytest.raises(NeedsHuman, match=r"^DSR_\w+ is not set"):
        world.connector({"OTHER": "x"})


def test_check_map_names_every_system_that_cannot_be_searched(world: World):
    assert (
        check_map(MAP.model_copy(update={"systems": {world.spec.system: world.spec}}), world.environment, NOW)
        == []
    )
    sentence = world.add_column()
    problems = check_map(MAP, world.environment, NOW)
    assert (world.spec.system, sentence) in {(problem.system, problem.message) for problem in problems}


MANUAL = MAP.systems["elay"]
ANSWERS = {
    None: FindingStatus.WAITING,
    ManualAnswer(outcome="none", answered_at=NOW, answered_by="A. Minister"): FindingStatus.NONE,
    ManualAnswer(
        outcome="found",
        documents=(Document(name="../export.csv", media_type="text/csv", content=b"\xff\x00;a"),),
        answered_at=NOW,
        answered_by="A. Minister",
    ): FindingStatus.FOUND,
}


@pytest.mark.parametrize(("answer", "status"), ANSWERS.items())
@pytest.mark.parametrize("value", [CAMILLE.email, *HOSTILE])
def test_a_manual_system_hands_on_what_a_person_answered(
    answer: ManualAnswer | None, status: FindingStatus, value: str
):
    connector = build_connector(MANUAL, {}, answer=lambda: answer)
    identifiers = [Identifier(kind="email", value=value)]
    connector.check(NOW)
    finding = connector.discover(identifiers, NOW)
    assert finding.status == status
    assert finding.documents == (answer.documents if answer else ())
    assert connector.contact_points(identifiers) == []
    assert connector.discover(identifiers, NOW) == finding
    assert Finding.model_validate_json(finding.model_dump_json()) == finding


def test_a_manual_system_that_waits_names_who_must_answer_and_until_when():
    asked = datetime(
        2026, 5, 12, 23, 30, tzinfo=UTC
    )  # the 13th in Paris; the 14th is Ascension, the 25th Whit Monday
    finding = build_connector(MANUAL, {}, asked_at=asked).discover([], NOW)
    assert finding.problem == (
        "Elay administrator <elay@nexoris.com> must search elay and answer by 2026-05-21"
    )


@pytest.mark.parametrize("outcome", ["found", "none"])
def test_an_answer_has_documents_exactly_when_something_was_found(outcome: str):
    document = Document(name="a", media_type="text/plain", content=b"")
    with pytest.raises(ValueError, match="attach the documents"):
        ManualAnswer(
            outcome=outcome,
            documents=() if outcome == "found" else (document,),
            answered_at=NOW,
            answered_by="A",
        )
