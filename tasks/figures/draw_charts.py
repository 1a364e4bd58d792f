"""Draw charts as SVG or PNG, with a fixed style: the same chart is the same bytes, and nothing comes from the internet.

Pure but for a lock: matplotlib draws one at a time. Series differ in lightness and hatching, so that they can be told
apart in grey.
"""

from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

Kind = Literal["columns", "lines", "bars"]
Format = Literal["svg", "png"]
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "nexoris-dsr",
    "hatch.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#76818f",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e1e6ec",
    "text.color": "#17212e",
    "xtick.color": "#3d4856",
    "ytick.color": "#3d4856",
}
FILLS = (("#123a5e", ""), ("#9fc0de", "///"), ("#c8861d", "..."))
LINES = (("#123a5e", "o", "-"), ("#b3541e", "s", "--"))
PHONE, COLUMN, PANEL, PAPER = 3.4, 4.6, 5.6, 7.2  # inches
NARROW = 5.0  # inches: less room for names and numbers
HEIGHT, ROW = 2.6, 0.36
CROWDED = 8  # labels of a narrow chart's axis
_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers, None where there is none, and how people write them."""

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw. `columns` stand up, `bars` lie down, `lines` run from 0 to 100 %. `description`: the numbers."""

    name: str
    kind: Kind
    title: str
    description: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


def draw(chart: Chart, form: Format = "svg", width: float = PANEL) -> bytes:
    """Return the picture, `width` inches wide; its letters stay the same size."""
    with _LOCK, mpl.rc_context(STYLE):  # type: ignore[arg-type]  # matplotlib lists every key by name
        narrow = width < NARROW
        rows = len(chart.labels) * max(1, len(chart.series) * 0.75)
        height = 0.75 + ROW * rows if chart.kind == "bars" else HEIGHT
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        {"columns": _columns, "lines": _lines, "bars": _bars}[chart.kind](axes, chart, narrow)
        if len(chart.series) > 1:
            figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=9)
        out = BytesIO()
        metadata = (
            {"Date": None, "Creator": None, "Title": chart.title} if form == "svg" else {"Software": None}
        )
        figure.savefig(out, format=form, metadata=metadata, dpi=144)
    return _described(out.getvalue(), chart) if form == "svg" else out.getvalue()


def _described(svg: bytes, chart: Chart) -> bytes:
    """Give the picture a title and a description for those who hear it (SVG 2, 5.8)."""
    head, tag, rest = svg.partition(b"<svg ")
    inside, end, body = rest.partition(b">")
    named = f"<title>{_escaped(chart.title)}</title><desc>{_escaped(chart.description)}</desc>".encode()
    return head + tag + b'role="img" ' + inside + end + named + body


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _columns(axes: Axes, chart: Chart, narrow: bool) -> None:
    places = range(len(chart.labels))
    for series, (colour, hatch) in zip(chart.series, FILLS, strict=False):
        values = [value or 0 for value in series.values]
        drawn = axes.bar(
            places, values, 0.72, color=colour, hatch=hatch, edgecolor="#123a5e", label=series.name
        )
        if not narrow or len(places) <= CROWDED:
            axes.bar_label(drawn, series.texts, fontsize=8.5, padding=1)
    axes.grid(visible=False, axis="x")
    axes.margins(y=0.14)
    _name_places(axes, chart, narrow)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.set_ylabel(chart.unit)


def _lines(axes: Axes, chart: Chart, narrow: bool) -> None:
    places = list(range(len(chart.labels)))
    for series, (colour, marker, style) in zip(chart.series, LINES, strict=False):
        values = [float("nan") if value is None else value for value in series.values]
        axes.plot(
            places, values, style, color=colour, marker=marker, markersize=5, linewidth=1.8, label=series.name
        )
    shown = [value for series in chart.series for value in series.values if value is not None]
    axes.set_ylim(min(80, 10 * (min(shown, default=100) // 10)) - 2, 102)
    axes.set_xlim(-0.4, len(places) - 0.6)
    _name_places(axes, chart, narrow)
    axes.set_ylabel(chart.unit)


def _bars(axes: Axes, chart: Chart, narrow: bool) -> None:
    del narrow
    count = len(chart.series)
    thick = 0.74 / count
    for nth, (series, (colour, hatch)) in enumerate(zip(chart.series, FILLS, strict=False)):
        places = [place + (nth - (count - 1) / 2) * thick for place in range(len(chart.labels))]
        values = [value or 0 for value in series.values]
        drawn = axes.barh(
            places, values, thick, color=colour, hatch=hatch, edgecolor="#123a5e", label=series.name
        )
        axes.bar_label(drawn, series.texts, fontsize=8.5, padding=3)
    axes.set_yticks(range(len(chart.labels)), chart.labels)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelbottom=False)  # each bar says its number
    axes.set_xlabel(chart.unit)


def _name_places(axes: Axes, chart: Chart, narrow: bool) -> None:
    """Name the places of the horizontal axis; every second or third one where there is no room for all."""
    most = CROWDED if narrow else 2 * CROWDED
    step = -(-len(chart.labels) // most)
    places = range(0, len(chart.labels), step)
    turned = len(places) > (5 if narrow else CROWDED)
    size = 8 if len(places) > CROWDED else 9
    names = [chart.labels[place] for place in places]
    axes.set_xticks(places, names, rotation=45 if turned else 0, fontsize=size)
    if turned:
        for text in axes.get_xticklabels():
            text.set_horizontalalignment("right")
            text.set_rotation_mode("anchor")
