"""The plan of an erasure as a pure function of rows, references and the day (law.md R3)."""

from datetime import date
from typing import Any

import pytest

from models.data_map import SqlSystem
from models.erasure_plan import ErasurePlan, Held, PlannedRow, id_of
from models.errors import NeedsHuman, Rejected
from tests.support.plan_samples import (
    CHAIN,
    DEALS_UP,
    ROWS,
    UP,
    hold,
    link,
    plan,
    row,
    shop,
    site,
    table,
    told,
)


def test_children_stand_before_parents_and_a_kept_child_makes_its_parents_smaller():
    made = plan(site(), ROWS, CHAIN)
    assert told(made) == [
        ("invoices", 1, "keep", "hold"),
        ("invoices", 2, "delete", "table"),
        ("deals", 1, "minimise", "kept_row"),
        ("deals", 2, "delete", "table"),
        ("contacts", 1, "minimise", "kept_row"),
    ]
    kept = [(item.keep_until, item.hold, item.basis and item.basis.en, item.masked) for item in made.kept]
    assert kept == [
        (date(2034, 12, 31), "ten_years", "Article 17(3)", ("email",)),
        (date(2034, 12, 31), "ten_years", "Article 17(3)", ()),
        (date(2034, 12, 31), "ten_years", "Article 17(3)", ("email",)),
    ]


@pytest.mark.parametrize("generation", ["deals", "contacts"])
def test_has_kept_looks_at_kept_descendants_of_every_generation(generation: str):
    has_kept = hold("invoice", "minimise", has_kept="invoices")
    system = site(has_kept) if generation == "contacts" else site(deal_holds=(has_kept,))
    assert (generation, 1, "minimise", "hold") in told(plan(system, ROWS, CHAIN))
    past = [
        item if item.id[0] != "invoices" else item._replace(keep_until=date(2024, 12, 31)) for item in ROWS
    ]
    assert {action for _, _, action, _ in told(plan(system, past, CHAIN))} == {"delete"}


def test_the_first_hold_that_matches_wins():
    litigation = hold("litigation", "keep", column="litigation", **{"is": True})
    has_kept = hold("invoice", "minimise", has_kept="invoices")
    rows = [row("contacts", 1, litigation=True), *ROWS[1:]]
    for holds, expected in (((litigation, has_kept), "litigation"), ((has_kept, litigation), "invoice")):
        made = plan(site(*holds), rows, CHAIN)
        assert made.rows[-1].hold == expected
    assert plan(site(litigation), rows, CHAIN).rows[-1].keep_until is None


@pytest.mark.parametrize(
    ("held", "wanted", "met"),
    [
        (True, True, True), (1, True, True), ("true", True, True), ("T", True, True), (0, True, False),
        (None, True, False), (False, False, True), ("0", False, True), (None, False, False), (3, "3", True),
        ("open ", "open", True), ("Open", "open", False), ("3", 3, True), (None, "open", False),
    ],
)  # fmt: skip
def test_a_column_is_compared_as_a_person_reads_it(held: Any, wanted: Any, met: bool):
    system = site(hold("litigation", "keep", column="litigation", **{"is": wanted}))
    (item,) = plan(system, [row("contacts", 1, litigation=held)]).rows
    assert (item.action == "keep") is met


def test_what_is_neither_yes_nor_no_is_for_a_person():
    system = site(hold("litigation", "keep", column="litigation", **{"is": True}))
    with pytest.raises(
        NeedsHuman, match=r"contacts\.litigation holds something that is neither true nor false"
    ):
        plan(system, [row("contacts", 1, litigation="perhaps")])


@pytest.mark.parametrize(
    ("until", "issued", "action"),
    [
        (date(2026, 11, 23), "2016-01-01", "keep"),
        (date(2026, 11, 22), "2016-01-01", "delete"),
        (None, None, "keep"),
    ],
)
def test_retention_runs_to_its_last_day_and_from_a_first_day_that_may_be_to_come(
    until: date | None, issued: str | None, action: str
):
    (item,) = plan(site(), [row("invoices", 1, until, issued=issued)]).rows
    assert (item.action, item.keep_until) == (action, until if action == "keep" else None)


def test_a_date_nobody_can_read_is_for_a_person():
    with pytest.raises(NeedsHuman, match=r"invoices\.issued holds something that is no date"):
        plan(site(), [row("invoices", 1, None, issued="in spring")])


def test_the_longest_of_several_kept_rows_decides_until_when():
    links = [link(("invoices", (key,)), ("deals", (1,))) for key in (1, 2)]
    days = date(2034, 12, 31), date(2030, 12, 31)
    for first, second, expected in (
        (*days, days[0]),
        (*reversed(days), days[0]),
        (days[0], None, None),
    ):
        rows = [
            row("deals", 1),
            *(row("invoices", key, day, issued=day) for key, day in ((1, first), (2, second))),
        ]
        assert plan(site(), rows, links).rows[-1].keep_until == expected
        has_kept = site(deal_holds=(hold("invoice", "minimise", has_kept="invoices"),))
        assert plan(has_kept, rows, links).rows[-1].keep_until == expected


def test_rows_of_others_that_refer_to_one_keep_it_small():
    made = plan(
        shop(contacts=table("id email")),
        [row("contacts", 1)],
        [link(None, ("contacts", (1,)), followed=False)],
    )
    assert told(made) == [("contacts", 1, "minimise", "other_rows")]
    assert (made.rows[0].basis, made.rows[0].keep_until, made.rows[0].masked) == (None, None, ("email",))


def test_rows_that_refer_to_themselves_or_to_each_other_do_not_keep_each_other():
    contacts = [row("contacts", key) for key in (1, 2)]
    links = [
        link(("contacts", (a,)), ("contacts", (b,)), "boss", followed=False)
        for a, b in ((1, 1), (1, 2), (2, 1))
    ]
    assert {item.action for item in plan(shop(contacts=table("id email")), contacts, links).rows} == {
        "delete"
    }


def test_a_reason_to_stay_goes_round_a_circle_of_foreign_keys():
    system = shop(contacts=table("id email", hold("vip", "keep", column="email", **{"is": "x"})))
    contacts = [row("contacts", key, email="x" if key == 1 else "y") for key in (1, 2, 3)]
    links = [
        link(("contacts", (a,)), ("contacts", (b,)), "up", followed=False)
        for a, b in ((1, 2), (2, 3), (3, 1))
    ]
    assert {item.action for item in plan(shop(contacts=table("id email")), contacts, links).rows} == {
        "delete"
    }
    with pytest.raises(NeedsHuman, match="cannot be masked: remove the mask of email"):
        plan(system, contacts, links)  # it would hide what the hold looks at
    held = shop(contacts=table("id email vip", hold("vip", "keep", column="vip", **{"is": True})))
    contacts = [row("contacts", key, vip=key == 1) for key in (1, 2, 3)]
    assert [item.action for item in plan(held, contacts, links).rows] == ["keep", "minimise", "minimise"]


def test_a_foreign_key_that_its_mask_empties_keeps_nothing():
    system = shop(
        contacts=table("id email"), deals=table("id boss", action="minimise", not_followed=["boss"], **UP)
    )
    rows = [row("contacts", 1), row("deals", 1)]
    loose = [link(("deals", (1,)), ("contacts", (1,)), "boss", followed=False)]
    assert told(plan(system, rows, loose))[-1] == ("contacts", 1, "delete", "table")


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (shop(contacts=table("id name")), "contacts cannot be deleted, because rows that this plan leaves alone belong to it, but nothing says what takes the place of name: write a mask in data_map/shop.yaml"),
        (shop(contacts=table("id email", key=["email"])), "the key and what a hold looks at cannot be masked"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_minimised_is_for_a_person(system: SqlSystem, message: str):
    key = system.tables["contacts"].key[0]
    with pytest.raises(NeedsHuman, match=message):
        plan(
            system,
            [Held(("contacts", (1,)), {key: 1}, None)],
            [link(None, ("contacts", (1,)), followed=False)],
        )


@pytest.mark.parametrize(("column", "to"), [("up", "email"), ("email", "id")])
def test_a_mask_must_not_break_a_reference_between_rows_that_stay(column: str, to: str):
    system = shop(
        contacts=table("id email", action="minimise"), deals=table("id up email", action="minimise", **UP)
    )
    with pytest.raises(
        NeedsHuman,
        match=r"a row of deals stays and belongs to a row of contacts, and masking \w+\.email would part them",
    ):
        plan(
            system,
            [row("contacts", 1), row("deals", 1)],
            [link(("deals", (1,)), ("contacts", (1,)), column, to)],
        )


def test_tables_outside_the_plan_stay_and_count_as_staying():
    has_kept = hold("invoice", "minimise", has_kept="invoices")
    made = plan(site(has_kept), ROWS, CHAIN, only=["contacts"])
    assert told(made) == [("contacts", 1, "minimise", "hold")]
    assert (made.rows[0].keep_until, made.only) == (None, ("contacts",))
    made = plan(site(), ROWS, CHAIN, only=["invoices", "deals"])
    assert told(made) == [
        ("invoices", 1, "keep", "hold"),
        ("invoices", 2, "delete", "table"),
        ("deals", 1, "minimise", "kept_row"),
        ("deals", 2, "delete", "table"),
    ]
    assert plan(site(), ROWS, CHAIN, only=[]).rows == ()


def test_every_table_without_a_rule_is_named_at_once():
    bare = {"erasure": None}
    system = shop(
        contacts=table("id", **bare),
        deals=table("id up", **UP, **bare),
        invoices=table("id up", **DEALS_UP, **bare),
    )
    with pytest.raises(NeedsHuman, match=r"^contacts, deals: say in data_map/shop\.yaml how to erase"):
        plan(system, [row("contacts", 1), row("deals", 1)])
    assert plan(system, []).rows == ()


def test_the_digest_names_everything_the_plan_says_and_nothing_else():
    made = plan(site(), ROWS, CHAIN)
    assert made.digest() == plan(site(), ROWS, CHAIN, date(2027, 1, 1)).digest()
    assert made.digest() == ErasurePlan.model_validate_json(made.model_dump_json()).digest()
    first = made.rows[0]
    others = [
        made.model_copy(update={"system": "crm"}),
        made.model_copy(update={"only": ()}),
        made.model_copy(update={"only": ("contacts", "deals", "invoices")}),
        made.model_copy(update={"rows": made.rows[1:]}),
        made.model_copy(update={"rows": made.rows[::-1]}),
        *(
            made.model_copy(update={"rows": (first.model_copy(update=change), *made.rows[1:])})
            for change in (
                {"table": "deals"}, {"key": {"id": 9}}, {"key": {"id": "1"}}, {"action": "delete"}, {"masked": ()},
                {"keep_until": date(2034, 12, 30)}, {"hold": "x"}, {"basis": None}, {"why": "table"},
            )
        ),
    ]  # fmt: skip
    digests = {other.digest() for other in (made, *others)}
    assert len(digests) == len(others) + 1
    assert all(len(digest) == 64 for digest in digests)


def test_the_order_of_a_stored_key_does_not_matter_and_a_changed_map_is_noticed():
    system = shop(contacts=table("id line", key=["id", "line"]))
    stored = PlannedRow(table="contacts", key={"line": 2, "id": 1}, action="delete", why="table")
    assert id_of(system, stored) == ("contacts", (1, 2))
    for changed in (shop(contacts=table("id line")), shop(people=table("id"))):
        with pytest.raises(Rejected, match="the data map of shop changed since the plan was made"):
            id_of(changed, stored)
