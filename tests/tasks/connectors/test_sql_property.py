"""Whatever the data, a search never brings another person’s row."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from shop import PEOPLE, find, keys, system, table

ADDRESSES = [
    f"{name}@{domain}"
    for name in ("ann", "Ann", "anna", "a%n", "a_n", "bob")
    for domain in ("a.example", "A.EXAMPLE")
]


OWNED = st.lists(st.tuples(st.sampled_from(ADDRESSES), st.integers(0, 3)), max_size=8)


@given(
    people=OWNED,
    mails=st.lists(st.tuples(*[st.sampled_from(ADDRESSES)] * 2), max_size=6),
    asked=st.sampled_from(ADDRESSES),
)
def test_never_another_persons_row(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[tuple[str, int]],
    mails: list[tuple[str, str]],
    asked: str,
):
    url = f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.sqlite"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)",
            "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id))",
            "CREATE TABLE mails (id INTEGER PRIMARY KEY, sender TEXT, receiver TEXT)",
        ):
            connection.execute(sa.text(statement))
        for number, (email, visits) in enumerate(people):
            connection.execute(
                sa.text("INSERT INTO people VALUES (:id, :email)"), {"id": number, "email": email}
            )
            for visit in range(visits):
                connection.execute(
                    sa.text("INSERT INTO visits VALUES (:id, :person)"),
                    {"id": 10 * number + visit, "person": number},
                )
        for number, (sender, receiver) in enumerate(mails):
            connection.execute(
                sa.text("INSERT INTO mails VALUES (:id, :sender, :receiver)"),
                {"id": number, "sender": sender, "receiver": receiver},
            )
    engine.dispose()
    both = {"email": {"column": "sender", "fold": True}, "email#2": {"column": "receiver", "fold": True}}
    spec = system(
        {
            "people": PEOPLE,
            "visits": table("id person", link={"column": "person", "to": "people.id"}),
            "mails": table("id sender receiver", identity=both),
        }
    )
    me = asked.lower()
    expected = {("people", number) for number, (email, _) in enumerate(people) if email.lower() == me}
    expected |= {
        ("visits", 10 * number + visit)
        for number, (email, visits) in enumerate(people)
        for visit in range(visits)
        if email.lower() == me
    }
    expected |= {
        ("mails", number) for number, pair in enumerate(mails) if me in {address.lower() for address in pair}
    }
    finding = find(spec, url, asked)
    assert set(keys(finding)) == expected
    assert len(finding.records) == len(expected)
    assert {point.value.lower() for point in finding.contact_points} <= {me}
