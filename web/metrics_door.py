"""`GET /metrics` for Prometheus: known by a bearer token, off without one. It only looks; nothing is logged."""

import secrets

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from models.database import reading
from models.settings import settings
from tasks.figures.measure import exposition
from web.clock import Now

router = APIRouter()


@router.get("/metrics")
def metrics(request: Request, now: Now) -> Response:
    """Hand out every metric; 404 without DSR_METRICS_TOKEN, 401 for another token."""
    token = settings().metrics_token.get_secret_value()
    if not token:
        raise HTTPException(404)
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    known = secrets.compare_digest(token.encode(), sent.strip().encode())
    if scheme.lower() != "bearer" or not known:
        why = "send DSR_METRICS_TOKEN as Authorization: Bearer …\n"
        return Response(why, 401, {"WWW-Authenticate": "Bearer"}, "text/plain; charset=utf-8")
    with reading() as session:
        return Response(exposition(session, now), media_type=CONTENT_TYPE_LATEST)
