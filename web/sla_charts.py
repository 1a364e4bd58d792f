"""Pictures of charts under an address that holds the numbers, signed: drawing one counts nothing and shows nothing else.

So the page answers at once and the browser fetches its pictures side by side. Pure.
"""

from dataclasses import astuple, replace
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from models.tokens import derived_secret
from tasks.figures.draw_charts import PANEL, PHONE, WIDE, Chart, Series, draw

DRAWN = 256  # pictures kept: the same numbers are the same picture


SIZES = {"panel": PANEL, "narrow": PHONE, "wide": WIDE}


def chart_path(chart: Chart) -> str:
    """Return the address of a chart's picture; its description stands beside the picture already."""
    return f"/sla/chart/{_signer().dumps(astuple(replace(chart, description='')))}.svg"


@lru_cache(maxsize=DRAWN)
def read_chart(token: str, size: str) -> bytes | None:
    """Return the picture, or None where the token is not one of ours."""
    try:
        name, kind, title, _, unit, labels, series, tones, unfinished, *words = _signer().loads(token)
    except BadData:
        return None
    told = tuple(map(_series, series))
    chart = Chart(
        name, kind, title, title, unit, tuple(labels), told, tuple(tones), tuple(unfinished), *words
    )
    return draw(chart, width=SIZES.get(size, PANEL))


def _series(parts: list[Any]) -> Series:
    name, values, texts = parts
    return Series(name, tuple(values), tuple(texts))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(derived_secret("sla chart"), salt="chart")
