"""Sample rows for tests and pictures: cases as the engine writes them, persons invented."""

from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from models.cases import open_case
from models.data_map import ManualSystem
from models.data_map_loading import load_data_map
from models.rights import Right
from models.settings import settings
from models.tables import Case, Request

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ON_FILE = "camille.durand@client.example"


def add_case(
    session: Session,
    *rights: Right,
    name: str = "Camille Durand",
    address: str = "camille.perso@mail.example",
    language: str = "fr",
    received_at: datetime = NOW,
) -> tuple[Case, list[Request]]:
    """Open a case with its requests; access where no right is named."""
    case = Case(
        ref="",
        received_at=received_at,
        mailbox="privacy@nexoris.com",
        requester_address=address,
        requester_name=name,
        language=language,
        opened_at=received_at,
    )
    return case, open_case(session, case, rights or (Right.ACCESS,), received_at)


def manual_system() -> ManualSystem:
    """Return the data map's system that a person searches by hand."""
    systems = load_data_map(Path(settings().data_map)).systems.values()
    return next(system for system in systems if isinstance(system, ManualSystem))
