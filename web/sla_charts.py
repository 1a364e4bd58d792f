"""Pictures of charts under an address that holds the numbers, signed: drawing one counts nothing and shows nothing else.

So the page answers at once and the browser fetches its pictures side by side. Pure.
"""

from functools import lru_cache
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from models.tokens import derived_secret
from tasks.figures.draw_charts import PANEL, PHONE, Chart, Series, draw

DRAWN = 256  # pictures kept: the same numbers are the same picture


def chart_path(chart: Chart) -> str:
    """Return the address of a chart's picture."""
    series = [(one.name, one.values, one.texts) for one in chart.series]
    return f"/sla/chart/{_signer().dumps([chart.name, chart.kind, chart.title, chart.unit, chart.labels, series])}.svg"


@lru_cache(maxsize=DRAWN)
def read_chart(token: str, *, narrow: bool) -> bytes | None:
    """Return the picture, or None where the token is not one of ours."""
    try:
        name, kind, title, unit, labels, series = _signer().loads(token)
    except BadData:
        return None
    return draw(
        Chart(name, kind, title, title, unit, tuple(labels), tuple(map(_series, series))),
        width=PHONE if narrow else PANEL,
    )


def _series(parts: list[Any]) -> Series:
    name, values, texts = parts
    return Series(name, tuple(values), tuple(texts))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(derived_secret("sla chart"), salt="chart")
