"""What waits for a person: one list, most urgent first, each entry with what to do and how it is done."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.rights import Right
from models.tables import Channel, Letter, LetterState, Message, MessageState, Todo, TodoKind
from tasks.letters.acknowledge import acknowledge
from tasks.letters.reply_changes import reply_objection
from tasks.steps import Scene
from tasks.todos import note
from tests.support.case_rows import NOW, add_case
from tests.support.desk_rows import add_message
from tests.web.conftest import Site, csrf_of, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>"


def todo(kind: TodoKind, days: int = 0, **about: Any) -> int:
    with unit_of_work() as session:
        case, _ = add_case(session, name=f"Person of {kind}")
        if kind in {TodoKind.QUALIFY, TodoKind.REMINDER}:
            message = add_message(session, case, "Bonjour", f"About {kind}", NOW - timedelta(days=days))
            message.case_id = None if kind == TodoKind.QUALIFY else case.id
            message.state = MessageState.PEN if kind == TodoKind.QUALIFY else MessageState.CASE
            about["message"] = message
        return note(
            session,
            kind,
            NOW - timedelta(days=days),
            case=case if kind != TodoKind.QUALIFY else None,
            **about,
        ).id


def test_the_most_urgent_comes_first(desk: httpx.Client) -> None:
    for kind in reversed(TodoKind):
        todo(kind)
    page = desk.get("/desk/todo").text
    labels = ["Message à qualifier", "Courrier revenu", "Courrier non envoyé", "Envoi incertain", "Réponse retenue", "Accusé de réception retenu",
              "Courrier à poster", "Relance", "Mandat à vérifier"]  # fmt: skip
    places = [page.index(f">{label}<") for label in labels]
    assert places == sorted(places)
    assert "9 choses à faire" in page


def test_an_empty_list_says_so(desk: httpx.Client) -> None:
    assert "Rien à faire" in desk.get("/desk/todo").text


def test_what_waits_since_an_earlier_working_day_is_marked(desk: httpx.Client) -> None:
    todo(TodoKind.QUALIFY)
    assert "overdue" not in desk.get("/desk/todo").text
    with unit_of_work() as session:
        session.exec(select(Message)).one().received_at = NOW - timedelta(days=3)  # a Friday
        session.exec(select(Todo)).one().noted_at = NOW - timedelta(days=3)
    page = desk.get("/desk/todo").text
    assert "overdue" in page
    assert "1 jour ouvré" in page


def test_a_message_in_the_pen_is_listed_even_where_nobody_noted_it(desk: httpx.Client) -> None:
    todo(TodoKind.QUALIFY)
    with unit_of_work() as session:
        session.delete(session.exec(select(Todo)).one())
    page = desk.get("/desk/todo").text
    assert "1 chose à faire" in page
    assert "/desk/pen/1" in page


def test_the_list_is_one_click_away_with_its_count(desk: httpx.Client) -> None:
    todo(TodoKind.REMINDER)
    page = desk.get("/desk").text
    assert 'href="/desk/todo"' in page
    assert "1 chose attend une personne" in page


def test_an_entry_is_ticked_off_once(desk: httpx.Client) -> None:
    number = todo(TodoKind.BOUNCED)
    answer = submit(desk, f"/desk/todo/{number}/done", page="/desk/todo")
    assert answer.status_code == 303
    assert "C’est noté" in desk.get(answer.headers["location"]).text
    with reading() as session:
        assert session.get_one(Todo, number).done_by == "Dana Privacy"
    assert submit(desk, f"/desk/todo/{number}/done", page="/desk/todo").status_code == 303


@pytest.mark.parametrize("kind", [TodoKind.QUALIFY, TodoKind.MANDATE])
def test_what_ends_otherwise_cannot_be_ticked_off(desk: httpx.Client, kind: TodoKind) -> None:
    number = todo(kind)
    assert f"/desk/todo/{number}/done" not in desk.get("/desk/todo").text
    answer = submit(desk, f"/desk/todo/{number}/done", page="/desk/todo")
    assert answer.status_code == 422
    with reading() as session:
        assert session.get_one(Todo, number).done_at is None


def test_nothing_is_done_without_the_form_or_a_login(site: Site, desk: httpx.Client) -> None:
    number = todo(TodoKind.BOUNCED)
    assert desk.post(f"/desk/todo/{number}/done").status_code == 403
    stranger = site.browser()
    token = csrf_of(stranger.get("/desk/login"))
    assert stranger.post(f"/desk/todo/{number}/done", data={"csrf": token}).status_code == 303
    with reading() as session:
        assert session.get_one(Todo, number).done_at is None
    assert submit(desk, "/desk/todo/999/done", page="/desk/todo").status_code == 404


@pytest.mark.parametrize(("what", "state"), [("send", LetterState.QUEUED), ("drop", LetterState.DROPPED)])
def test_a_reply_that_was_withheld_is_sent_or_dropped_by_a_button(
    desk: httpx.Client, what: str, state: LetterState
) -> None:
    letter = held_reply()
    page = desk.get("/desk/todo").text
    assert "Envoyer la réponse" in page
    assert "Personne à qui répondre" in page
    answer = submit(desk, f"/desk/todo/held/{letter}/{what}", page="/desk/todo")
    assert answer.status_code == 303
    assert "notice good" in desk.get(answer.headers["location"]).text
    with reading() as session:
        assert session.get_one(Letter, letter).state in {state, LetterState.SENT, LetterState.UNCERTAIN}
        assert session.exec(select(Todo)).one().done_by == "Dana Privacy"
    assert submit(desk, "/desk/todo/held/999/send", page="/desk/todo").status_code == 404


def held_reply() -> int:
    """The reply to an objection that came over a list."""
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.OBJECTION)
        add_message(session, case, "Bonjour", "STOP", NOW).automatic = "it came over a mailing list"
        day = NOW.date()
        effect = reply_objection(day, {}, day, marketing=True, automatic=True)
        effect(Scene(session, case, request, NOW))
        return session.exec(select(Letter)).one().id


def test_an_acknowledgement_that_was_withheld_is_sent_by_a_button(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, [request] = add_case(session)
        message = add_message(session, case, "Bonjour", "Mes données", NOW)
        message.automatic = "a list sent it"
        assert acknowledge(Scene(session, case, request, NOW)) == {"letter": ""}
    assert "Accuser réception maintenant" in desk.get("/desk/todo").text
    answer = submit(desk, "/desk/todo/acknowledge", page="/desk/todo", case=case.ref)
    assert answer.headers["location"] == "/desk/todo?said=acknowledged"
    with reading() as session:
        assert session.exec(select(Letter.kind)).one() == "acknowledge"
        assert session.exec(select(Todo)).one().done_by == "Dana Privacy"
    assert submit(desk, "/desk/todo/acknowledge", page="/desk/todo", case="DSR-2026-9999").status_code == 404


def test_hostile_subjects_are_text(desk: httpx.Client) -> None:
    todo(TodoKind.QUALIFY)
    with unit_of_work() as session:
        message = session.exec(select(Message)).one()
        message.subject = message.sender = message.reason = HOSTILE
    for path in ("/desk/todo", "/desk/pen/1"):
        page = desk.get(path).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def paper() -> int:
    """A letter that waits to be posted."""
    with unit_of_work() as session:
        case, [request] = add_case(session, address="")
        case.channel = Channel.POST
        acknowledge(Scene(session, case, request, NOW))
        letter = session.exec(select(Letter)).one()
        assert letter.state == LetterState.TO_POST
        return letter.id


def test_a_letter_without_an_address_is_printed_and_posted(desk: httpx.Client) -> None:
    number = paper()
    assert f"/desk/letters/{number}" in desk.get("/desk/todo").text
    page = desk.get(f"/desk/letters/{number}").text
    assert "Camille Durand" in page
    assert "DSR-2026-0001" in page
    with unit_of_work() as session:
        session.get_one(Letter, number).written_at = NOW - timedelta(days=2)
    answer = submit(desk, f"/desk/letters/{number}/posted", page=f"/desk/letters/{number}", on="2026-11-22")
    assert answer.status_code == 303
    with reading() as session:
        letter = session.get_one(Letter, number)
        assert letter.state == LetterState.SENT
        assert letter.sent_at is not None
        assert letter.sent_at.isoformat() == "2026-11-22T11:00:00+00:00"
        assert session.exec(select(Todo)).one().done_at is not None
    assert "Posté le" in desk.get(f"/desk/letters/{number}").text
    submit(desk, f"/desk/letters/{number}/posted", page="/desk", on="2026-11-23")
    with reading() as session:
        assert session.get_one(Letter, number).sent_at == letter.sent_at, "the first day stays"


@pytest.mark.parametrize("on", ["2026-11-22", "2026-11-24", "yesterday", ""])
def test_a_day_that_cannot_be_is_refused(desk: httpx.Client, on: str) -> None:
    number = paper()
    answer = submit(desk, f"/desk/letters/{number}/posted", page=f"/desk/letters/{number}", on=on)
    assert answer.status_code == 422
    with reading() as session:
        assert session.get_one(Letter, number).state == LetterState.TO_POST


def test_letters_that_go_by_mail_are_not_printed_here(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, [request] = add_case(session)
        acknowledge(Scene(session, case, request, NOW))
        number = session.exec(select(Letter.id)).one()
    assert desk.get(f"/desk/letters/{number}").status_code == 404
    assert desk.get("/desk/letters/999").status_code == 404


def lost_reply() -> tuple[int, int]:
    """A reply that the relay refused: its entry and its letter."""
    with unit_of_work() as session:
        case, [request] = add_case(session)
        request.outcome = "nothing_held"
        letter = Letter(
            key=f"{request.ref}:reply", case_id=case.id, request_id=request.id, kind="nothing_held", language="fr", recipient="x@y.example",
            subject="", message_id="<a@b>", storage_key="kept", sha256="", state=LetterState.FAILED, written_at=NOW,
        )  # fmt: skip
        session.add(letter)
        session.flush()
        return note(session, TodoKind.LETTER_FAILED, NOW, case=case, letter=letter).id, letter.id


def test_a_refused_reply_is_sent_again_from_the_list(desk: httpx.Client) -> None:
    entry, letter = lost_reply()
    page = desk.get("/desk/todo").text
    assert "cela compte comme sans réponse" in page
    assert f"/desk/todo/{entry}/done" not in page, "it does not end by being ticked off"
    assert submit(desk, f"/desk/todo/{entry}/done", page="/desk/todo").status_code == 422
    answer = submit(desk, f"/desk/todo/{entry}/again", page="/desk/todo")
    assert answer.status_code == 303
    assert "de nouveau en file" in desk.get(answer.headers["location"]).text
    with reading() as session:
        assert session.get_one(Letter, letter).attempts <= 1
    assert submit(desk, f"/desk/todo/{entry}/again", page="/desk/todo").status_code == 303


@pytest.mark.parametrize(("on", "how", "status"), [
    ("2026-11-23", "phone", 303), ("2026-11-23", "pigeon", 422), ("", "phone", 422), ("2026-11-30", "post", 422),
])  # fmt: skip
def test_the_day_on_which_it_reached_the_person_is_noted(
    desk: httpx.Client, on: str, how: str, status: int
) -> None:
    entry, letter = lost_reply()
    answer = submit(desk, f"/desk/todo/{entry}/reached", page="/desk/todo", on=on, how=how)
    assert answer.status_code == status
    with reading() as session:
        found = session.get_one(Letter, letter)
        assert (str(found.reached_on or ""), found.reached_by) == ((on, how) if status == 303 else ("", ""))
        assert bool(session.get_one(Todo, entry).done_at) == (status == 303)
