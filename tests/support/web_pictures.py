"""Take pictures of the web app's pages with sample rows, and check each page with axe. Run it to refresh docs/pictures/web/.

`python -m tests.support.web_pictures` needs Chromium. It writes into a temporary home and replaces the pictures.
"""

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Page, sync_playwright
from sqlmodel import Session, col, select

from models.database import database, unit_of_work
from models.manual_work import Brief, ChangeAction
from models.migrate import migrate
from models.records import Identifier
from models.rights import Right
from models.settings import REPOSITORY
from models.tables import Case, FindingRow, Request
from tasks.challenges import issue
from tasks.colleagues.manual_tasks import open_task
from tasks.exports.downloads import send_code
from tasks.officers import add_officer
from tests.support.case_rows import NOW, ON_FILE, add_case, manual_system
from tests.support.desk_rows import fill_desk, offered_case
from tests.support.todo_rows import fill_paper, fill_todos
from web.app import create_app
from web.clock import clock

FOLDER = REPOSITORY / "docs" / "pictures" / "web"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"
ADDRESS = "dana@nexoris.example"
PHONE = {"width": 390, "height": 800}
MAX_PIXELS, MAX_HEIGHT = 950_000, 1_500  # keep each file below 150 kB
SCREEN = {"width": 1200, "height": 800}
PERSON = (
    Identifier(kind="email", value="bruno.petit@imprimerie.example"),
    Identifier(kind="email", value="b.petit@perso.example"),
    Identifier(kind="phone", value="+33 6 12 34 56 78"),
)
LINES: dict[ChangeAction, tuple[str, ...]] = {
    "rectify": ("Nom : Bruno Petit → Bruno Petit-Garnier", "Fonction : directeur → gérant"),
    "erase": (
        "Facture F-2021-118 : jusqu’au 31 décembre 2031 (article L123-22 du code de commerce)",
        "Contrat du 4 mars 2022 : jusqu’au 4 mars 2027 (article 2224 du code civil)",
    ),
}
CHANGES: dict[Right, ChangeAction] = {
    Right.OBJECTION: "stop",
    Right.RECTIFICATION: "rectify",
    Right.ERASURE: "erase",
}


def sample() -> dict[str, str]:
    """Fill the database; return the paths of the pages."""
    migrate(database())
    with unit_of_work() as session:
        add_officer(session, "Dana Privacy", ADDRESS, PASSWORD, NOW, totp=False)
        rich = fill_desk(session)
        asked, wrong, searched = (_request(session, name) for name in ("Sofía%", "John%", "Bruno%"))
        found = session.exec(select(FindingRow.id).where(FindingRow.to_review > 0)).one()
        identity = issue(session, asked, "identity", ON_FILE, "pictures", NOW)
        other = issue(session, wrong, "identity", ON_FILE, "pictures-wrong", NOW)
        task = open_task(session, searched, manual_system(), 1, NOW)
        changes = _changes(session)
        _, first = offered_case(session, "Hélène Roux", "helene@roux.example", "fr")
        _, second = offered_case(session, "Tom Baker", "tom@baker.example", "en")
        waiting = fill_todos(session)
    send_code(second.token, NOW)
    return changes | {
        "todo": "/desk/todo",
        "qualify": f"/desk/pen/{waiting['message']}",
        "case_new": "/desk/cases/new",
        "print": f"/desk/letters/{fill_paper()}",
        "identity": f"/identity/{identity.token}?lang=fr",
        "wrong": f"/identity/{other.token}",
        "download": f"/download/{first.token}",
        "download_code": f"/download/{second.token}",
        "task": f"/task/{task}",
        "dead": "/identity/unknown",
        "home": "/",
        "login": "/desk/login",
        "desk": "/desk",
        "case": f"/desk/cases/{rich.ref}",
        "data": f"/desk/cases/{rich.ref}/data/{found}",
    }


def _changes(session: Session) -> dict[str, str]:
    """One case in which a colleague stops, corrects and erases: the paths of the pages."""
    _, requests = add_case(session, *CHANGES, name="Bruno Petit", address=PERSON[0].value)
    paths = {}
    for request in requests:
        action = CHANGES[Right(request.right)]
        note = "Justificatif vu le 20 novembre." if action == "rectify" else ""
        brief = Brief(identifiers=PERSON, name="Bruno Petit", lines=LINES.get(action, ()), note=note)
        token = open_task(session, request, manual_system(), 0, NOW, action=action, brief=brief)
        paths[f"task_{action}"] = f"/task/{token}"
    return paths


def _request(session: Session, name: str) -> Request:
    case = session.exec(select(Case).where(col(Case.requester_name).like(name))).one()
    return session.exec(select(Request).where(Request.case_id == case.id)).first()  # type: ignore[return-value]


@contextmanager
def served(now: datetime = NOW) -> Iterator[str]:
    """Run the app on a free port; yield its address."""
    app = create_app()
    app.dependency_overrides[clock] = lambda: now
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, access_log=False, log_level="warning", ws="none", lifespan="off")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def picture(page: Page, name: str, top: int = 0) -> int:
    """Check the page with axe, save it from `top` pixels on; return the number of violations."""
    found = Axe().run(page)
    width: int = page.evaluate("document.documentElement.scrollWidth")
    height: int = min(
        page.evaluate("document.documentElement.scrollHeight") - top, MAX_HEIGHT, MAX_PIXELS // width
    )
    clip: FloatRect = {"x": 0, "y": top, "width": width, "height": height}
    page.screenshot(path=FOLDER / f"{name}.png", full_page=True, clip=clip)
    size = (FOLDER / f"{name}.png").stat().st_size
    print(f"{name}: {found.violations_count} violations, {size // 1000} kB")  # noqa: T201  # a script's report
    for violation in found.response["violations"]:
        print("  ", violation["id"], [node["html"][:160] for node in violation["nodes"]])  # noqa: T201
    return found.violations_count


def submit_code(page: Page, code: str) -> None:
    """Type a code and send the form."""
    page.fill("#code", code)
    page.click("main form button")


def say_little(page: Page) -> None:
    """Answer a change with too few words."""
    page.check("#done")
    page.fill("#note", "fait")
    page.click("main form button")


def tour(page: Page, address: str, paths: dict[str, str]) -> int:
    """Visit every page in turn; return the number of violations."""

    def at(name: str, then: Callable[[], object] = lambda: None, *, opens: str = "") -> int:
        page.goto(address + paths[opens or name])
        then()
        return picture(page, name.replace("_", "-"))

    def log_in() -> None:
        page.fill("#address", ADDRESS)
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.goto(address + paths["desk"])

    page.set_viewport_size({"width": 760, "height": 700})
    violations = sum(at(name) for name in ("home", "identity", "download", "download_code", "task", "dead"))
    violations += at("identity_wrong", lambda: submit_code(page, "1111 1111"), opens="wrong")
    violations += at("task_wrong", lambda: page.click("main form button"), opens="task")
    violations += sum(at(f"task_{action}") for action in CHANGES.values())
    violations += at("task_erase_wrong", lambda: say_little(page), opens="task_erase")
    violations += at("login")
    page.set_viewport_size(SCREEN)
    violations += at("desk", log_in, opens="login")
    violations += at("case", lambda: page.click("summary >> nth=0"))
    violations += picture(page, "case-below", top=MAX_PIXELS // SCREEN["width"])
    violations += at("data") + at("todo") + at("qualify") + at("case_new") + at("print")
    page.set_viewport_size(PHONE)
    violations += at("task_phone", opens="task_rectify")
    return violations + at("identity_phone", opens="identity") + at("desk_phone", opens="desk")


def main() -> int:
    """Take all pictures; the exit status is 1 where axe finds fault."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DSR_DEMO": "true", "DSR_HOME": home}
        FOLDER.mkdir(parents=True, exist_ok=True)
        paths = sample()
        with served() as address, sync_playwright() as browsers:
            chromium = browsers.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            violations = tour(chromium.new_page(), address, paths)
            chromium.close()
        database().dispose()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
