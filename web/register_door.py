"""The register of requests to download, without names, for those who may see the figures. It only looks."""

from datetime import date

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from models.database import reading
from models.errors import Rejected
from tasks.figures.write_register import MEDIA_TYPES, Format, register
from web.clock import Now
from web.sla_door import Person, Spoken

router = APIRouter(prefix="/sla")


@router.get("/register.{form}")
def download(person: Person, now: Now, language: Spoken, form: Format, since: date, until: date) -> Response:
    """Hand out the register of the requests received from `since` to `until`."""
    del person  # logged in is enough
    try:
        with reading() as session:
            content = register(session, since, until, form, now, language=language)
    except Rejected as error:
        raise HTTPException(404) from error
    name = f"register-{since}-{until}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)
