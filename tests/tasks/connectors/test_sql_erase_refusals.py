"""What stops an erasure: nothing changes then, and the error quotes nobody’s data."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from changing import ANN, DELETE, EMAIL, MINIMISE, TODAY, Run, carry_out, connect, people, refusal, snapshot
from shop import system, table

from models.erasure_plan import ErasurePlan
from models.errors import NeedsHuman, Rejected, Unavailable
from models.records import Identifier
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import plan_erasure

PERSON = {"column": "person", "to": "people.id"}


def test_a_key_that_does_not_tell_two_people_apart_stops_the_erasure(url: str, run: Run):
    run("CREATE TABLE forms (id INTEGER, email VARCHAR(100))")
    run(
        "INSERT INTO forms VALUES (1, 'ann@a.example'), (1, 'bob@b.example'), (2, 'ann@a.example'), (2, 'ann@a.example')"
    )
    spec = system({"people": people(), "forms": table("id email", identity=EMAIL, erasure=DELETE)})
    assert "a row of forms cannot be told apart by its key" in refusal(spec, url, NeedsHuman)
    run("UPDATE forms SET id = 3 WHERE email = 'bob@b.example'")
    carry_out(spec, url)
    assert snapshot(url)["forms"] == [(3, "bob@b.example")]


@pytest.mark.parametrize(
    ("column", "mask", "says"),
    [
        ("email VARCHAR(9)", "token_email", "email is of type VARCHAR and cannot hold the new value"),
        (
            "email VARCHAR(99) NOT NULL",
            "null",
            "the database wants a value in cards.email: give it another mask than null",
        ),
        (
            "email VARCHAR(99)",
            None,
            "nothing says what takes the place of email: write a mask in data_map/shop.yaml",
        ),
    ],
)
def test_a_mask_that_cannot_be_is_refused_before_anyone_approves(
    url: str, run: Run, column: str, mask: str | None, says: str
):
    run(f"CREATE TABLE cards (id INTEGER PRIMARY KEY, {column})", "INSERT INTO cards VALUES (1, 'a@b.c')")
    cards = table("id email", identity=EMAIL, erasure=MINIMISE)
    cards["columns"]["email"] |= {"mask": mask} if mask else {}
    connector = connect(system({"people": people(), "cards": cards}), url)
    with pytest.raises(NeedsHuman, match=says.replace("(", r"\(")):
        plan_erasure(connector, [Identifier(kind="email", value="a@b.c")], TODAY)


def test_a_refusal_of_the_database_undoes_everything_and_quotes_nobody(url: str, run: Run):
    run("CREATE UNIQUE INDEX once ON people (email)", "INSERT INTO people VALUES (3, 'nobody@x.example')")
    run("CREATE TABLE forms (id INTEGER PRIMARY KEY, email VARCHAR(99))")
    run("INSERT INTO forms VALUES (1, 'ann@a.example')")
    masked = people(erasure=MINIMISE)
    masked["columns"]["email"]["mask"] = "fixed:nobody@x.example"
    spec = system({"people": masked, "forms": table("id email", identity=EMAIL, erasure=DELETE)})
    assert refusal(spec, url, Rejected).startswith("shop: people refused the change (")


def test_a_trigger_that_undoes_the_change_is_noticed(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/shop.sqlite"
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.executescript(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(99));"
            "INSERT INTO people VALUES (1, 'ann@a.example');"
            "CREATE TRIGGER back AFTER DELETE ON people BEGIN INSERT INTO people VALUES (old.id, old.email); END;"
        )
    connection.close()
    assert "still there: see its triggers" in refusal(system({"people": people()}), url, Rejected)
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.executescript(
            "DROP TRIGGER back; CREATE TRIGGER back AFTER UPDATE ON people WHEN new.email <> old.email"
            " BEGIN UPDATE people SET email = old.email WHERE id = old.id; END;"
        )
    connection.close()
    spec = system({"people": people(erasure=MINIMISE)})
    assert "did not take the change of email: see its triggers" in refusal(spec, url, Rejected)


def test_a_missing_file_is_not_made_and_a_read_only_one_is_refused(tmp_path: Path):
    spec, file = system({"people": people()}), tmp_path / "shop.sqlite"
    nothing = ErasurePlan(system="shop", rows=())
    with pytest.raises(Unavailable, match="shop could not be changed"):
        erase(connect(spec, f"sqlite:///{file}"), nothing, ANN, TODAY)
    assert list(tmp_path.iterdir()) == []
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(99))")
        connection.execute("INSERT INTO people VALUES (1, 'ann@a.example')")
    connection.close()
    with file.open("r+b") as header:  # a write version that SQLite does not know: the file may only be read
        header.seek(18)
        header.write(b"\x03")
    assert refusal(spec, f"sqlite:///{file}", Rejected) == (
        "shop may only be read: give its account the right to change rows"
    )


def test_an_account_that_may_only_read_is_told_so(postgres_url: str, run_postgres: Run):
    run_postgres(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)",
        "INSERT INTO people VALUES (1, 'ann@a.example')",
        "CREATE ROLE reader LOGIN",
        "GRANT SELECT ON people TO reader",
    )
    try:
        url = postgres_url.replace("postgres:@", "reader:@")
        assert "refused the change (InsufficientPrivilege)" in refusal(
            system({"people": people()}), url, Rejected
        )
    finally:
        run_postgres("DROP OWNED BY reader", "DROP ROLE reader")


@pytest.fixture
def run_postgres(postgres_url: str) -> Run:
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    return run


def test_a_mask_must_not_break_what_refers_to_it(url: str, run: Run):
    run("CREATE UNIQUE INDEX once ON people (email)")
    run(
        "CREATE TABLE bills (id INTEGER PRIMARY KEY, email VARCHAR(100) REFERENCES people(email), open BOOLEAN)"
    )
    run("INSERT INTO bills VALUES (1, 'ann@a.example', true)")
    hold = {
        "name": "open",
        "when": {"column": "open", "is": True},
        "action": "keep",
        "basis": "Art. 17(3)(e)",
    }
    bills = table(
        "id email open", link={"column": "email", "to": "people.email"}, erasure={**DELETE, "holds": [hold]}
    )
    assert refusal(system({"people": people(), "bills": bills}), url, NeedsHuman).startswith(
        "a row of bills stays and belongs to a row of people, and masking people.email would part them"
    )


def test_a_table_without_a_rule_stops_the_plan_only_where_the_person_has_rows(url: str, run: Run):
    run("CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id))")
    spec = system({"people": people(), "visits": table("id person", link=PERSON)})
    assert [row.table for row in plan_erasure(connect(spec, url), ANN, TODAY).rows] == ["people"]
    run("INSERT INTO visits VALUES (1, 1)")
    assert refusal(spec, url, NeedsHuman) == (
        "visits: say in data_map/shop.yaml how to erase (key erasure) and plan again"
    )
