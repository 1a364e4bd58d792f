"""What officers type into the desk's longer forms, read leniently: what is missing is empty, and judged by the tasks.

Reading has no effect.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, UploadFile
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as Uploaded

from models.by_hand import HAND_CHANNELS
from models.calendar import PARIS
from models.letters import one_line
from models.mandates import AgentKind, MandateGiven
from models.records import Document
from models.rights import Right
from models.settings import settings
from models.tables import Channel
from web.pages import desk_language, name_of, translate
from web.tasks_door import document

LONGEST_LINE = 500
FIELDS = (
    *("name", "address", "postal", "language", "channel", "received_at", "notes", "another", "key"),
    *("case_ref", "other_ref", "reason", "mandate_kind", "agent_name", "agent_address", "purpose"),
    *("valid_until", "may_receive", "evidence"),
)


async def _typed(request: Request) -> FormData:
    return await request.form()


Typed = Annotated[FormData, Depends(_typed)]
"""The whole form; depends on `csrf_checked` having been asked for, too."""


def said(form: FormData | None = None, **prefilled: str) -> dict[str, Any]:
    """Return what stands in the fields: what was typed, else what the page fills in."""
    if form is None:
        return dict.fromkeys(FIELDS, "") | {"rights": ()} | prefilled
    return {name: text(form, name) for name in FIELDS} | {"rights": tuple(map(str, rights(form)))}


def text(form: FormData, name: str) -> str:
    """Return one field, or nothing."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def line(form: FormData, name: str) -> str:
    """Return one field as one line without controls, at most 500 characters."""
    return one_line(text(form, name))[:LONGEST_LINE]


def rights(form: FormData) -> tuple[Right, ...]:
    """Return the rights that are ticked."""
    ticked = set(form.getlist("rights"))
    return tuple(right for right in Right if right.value in ticked)


def channel(form: FormData) -> Channel | None:
    """Return the channel chosen; None where none was."""
    return next((one for one in (Channel.MAIL, *HAND_CHANNELS) if one == text(form, "channel")), None)


def moment(form: FormData, name: str) -> datetime | None:
    """Return a day and time of the form, in Paris; None where there is none that can be read."""
    try:
        return datetime.fromisoformat(text(form, name)).replace(tzinfo=PARIS)
    except (ValueError, OverflowError):
        return None


def day(form: FormData, name: str) -> date | None:
    """Return a day of the form; None where there is none that can be read."""
    try:
        return date.fromisoformat(text(form, name))
    except ValueError:
        return None


def lines(form: FormData, name: str) -> tuple[str, ...]:
    """Return a field's lines, at most ten."""
    found = (one_line(each)[:LONGEST_LINE] for each in text(form, name).splitlines())
    return tuple(each for each in found if each)[:10]


def files(form: FormData, name: str) -> tuple[Document, ...]:
    """Return uploaded files under harmless names."""
    sent = (each for each in form.getlist(name) if isinstance(each, Uploaded) and each.filename)
    return tuple(
        document(UploadFile(each.file, filename=each.filename, headers=each.headers)) for each in sent
    )


def mandate(form: FormData) -> MandateGiven | None:
    """Return the mandate that was typed in; None where the person asks themselves."""
    kind = next((one for one in AgentKind if one == text(form, "mandate_kind")), None)
    if kind is None:
        return None
    return MandateGiven(
        kind=kind,
        agent_name=line(form, "agent_name"),
        agent_address=line(form, "agent_address"),
        rights=rights(form),
        purpose=line(form, "purpose"),
        valid_until=day(form, "valid_until"),
        may_receive=bool(text(form, "may_receive")),
        evidence=line(form, "evidence"),
        document=next(iter(files(form, "document")), None),
    )


def mandate_faults(form: FormData) -> list[str]:
    """Return what cannot be read of a mandate: agent_kind, valid_until."""
    about = ("agent_name", "agent_address", "purpose", "evidence")
    faults = []
    if not text(form, "mandate_kind") and any(text(form, name) for name in about):
        faults.append("agent_kind")
    if text(form, "valid_until") and day(form, "valid_until") is None:
        faults.append("valid_until")
    return faults


def channel_words(channels: Iterable[Channel]) -> list[tuple[str, str]]:
    """Return channels with their names, for a list to choose from."""
    return [(one.value, translate(desk_language(), f"hand.channel_{one}")) for one in channels]


def language_words() -> list[tuple[str, str]]:
    """Return the languages of our letters with their names."""
    return [(code, name_of(desk_language(), code)) for code in settings().letter_languages]


FIELD_OF: Mapping[str, str] = {
    "rights": "right-access",
    "channel": "channel",
    "received": "received_at",
    "future": "received_at",
    "later": "received_at",
    "too_old": "received_at",
    "who": "name",
    "address": "address",
    "address_needed": "address",
    "notes": "notes",
    "files": "files",
    "agent_kind": "mandate_kind",
    "agent_name": "agent_name",
    "agent_address": "agent_address",
    "agent_is_person": "agent_address",
    "valid_until": "valid_until",
    "case": "other_ref",
    "reason": "reason",
}
"""Each fault's field on the page."""
