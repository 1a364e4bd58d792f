"""The quiet part of the pen on the desk, and whom a robot wrote for: looked through, put aside, or read today."""

import httpx
import pytest

from models.database import reading
from models.tables import Message, MessageState
from tasks.mail.handle_mail import handle
from tests.support.case_rows import NOW
from tests.support.mail_in import keep, mail
from tests.web.conftest import submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
TEXT = "Bonjour,\n\nje souhaite obtenir une copie de mes données personnelles.\n"
HOSTILE = "<script>alert(1)</script> {{7*7}}"
QUIET = (
    "Bonjour,\n\nla réunion de mardi est repoussée d'une heure, rendez-vous dans la grande salle du second étage comme la"
    " dernière fois. Apportez les plans et les devis, nous déciderons de la suite du chantier.\n"
)


def penned(raw: bytes) -> int:
    number = keep(raw)
    assert handle(number, NOW).state == MessageState.PEN
    return number


def stored(number: int) -> Message:
    with reading() as session:
        return session.get_one(Message, number)


def quiet(number: int, subject: str = HOSTILE) -> int:
    return penned(mail(QUIET + str(number), subject, "paul@mail.example", f"<{number}@quiet.example>"))


def test_what_was_read_as_no_request_has_a_list_of_its_own(desk: httpx.Client) -> None:
    assert '/desk/pen"' not in desk.get("/desk/todo").text
    number = quiet(1)
    assert "1 message a été lu comme" in desk.get("/desk/todo").text
    page = desk.get("/desk/pen").text
    assert f'href="/desk/pen/{number}"' in page
    assert "<script>alert" not in page
    answer = submit(desk, f"/desk/pen/{number}/look", page="/desk/pen")
    assert answer.headers["location"] == f"/desk/pen/{number}"
    assert f'href="/desk/pen/{number}"' in desk.get("/desk/todo").text
    assert "Rien ici" in desk.get("/desk/pen").text
    assert submit(desk, f"/desk/pen/{number}/look", page="/desk/todo").status_code == 303


def test_the_list_is_put_aside_as_far_as_it_was_seen(desk: httpx.Client) -> None:
    seen, later = quiet(1), quiet(2, "Plus tard")
    answer = submit(desk, "/desk/pen/aside", page="/desk/pen", seen=str(seen))
    assert "1 message est mis de côté" in desk.get(answer.headers["location"]).text
    assert (stored(seen).state, stored(later).state) == (MessageState.DISMISSED, MessageState.PEN)
    assert "Dana Privacy" in stored(seen).reason
    assert desk.post("/desk/pen/aside", data={"seen": str(later)}).status_code == 403
    assert stored(later).state == MessageState.PEN


def test_whom_a_robot_names_is_filled_in_and_said_to_be_unchecked(desk: httpx.Client) -> None:
    raw = mail(TEXT, "Formulaire", "no-reply@forms.example", "<r@x>", Reply_To="camille@client.example")
    page = desk.get(f"/desk/pen/{penned(raw)}").text
    assert 'value="camille@client.example"' in page
    assert "personne ne l’a vérifié" in page
