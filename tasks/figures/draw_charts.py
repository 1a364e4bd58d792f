"""Draw charts as SVG or PNG, with a fixed style: the same chart is the same bytes, and nothing comes from the internet.

Pure but for a lock: matplotlib draws one at a time. Series, and tones of one series, differ in lightness and hatching, so
that they can be told apart in grey; a colour never says anything that no word says.
"""

from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator

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
    "axes.labelcolor": "#3d4856",
    "xtick.color": "#3d4856",
    "ytick.color": "#3d4856",
}
INK, GREY = "#123a5e", "#8793a1"
FILLS = ((INK, ""), ("#9fc0de", "///"), ("#c8861d", "..."))
LINES = ((INK, "o", "-"), ("#3f86b8", "s", "--"))
TONES = {
    "": (INK, "", INK),
    "good": ("#14663a", "", "#14663a"),
    "soon": ("#f0c070", "...", "#8f5600"),
    "today": ("#b36b00", "", "#8f5600"),
    "broken": ("#f0b4af", "///", "#a8201a"),
    "overdue": ("#a8201a", "", "#a8201a"),
}
"""Fill, hatching and edge; the tiles of the page have the same colours."""
UNFINISHED = ("#e4e8ed", "////", GREY)
PHONE, COLUMN, PANEL, PAPER, WIDE = 3.4, 4.1, 5.6, 8.4, 8.5  # inches; the PDF shows COLUMN and PAPER at 84 %
NARROW = 5.0  # inches: less room for names and numbers
HEIGHT, ROW, TIGHT = 2.6, 0.36, 0.23
LOW = 2.1  # inches, of a wide chart
CLOSE = 70  # per cent: from here on an axis has a line every five
SMALLEST = 8.5  # points
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
    """What to draw. `columns` stand up, `bars` lie down, `lines` are per cent. `description`: the numbers.

    `tones`: what each place means, a key of `TONES`. `unfinished`: the places that are not complete yet, drawn in grey, and
    `unfinished_name` says so. `cut`: the unit of an axis that does not begin at zero; `{low}` is where it begins.
    """

    name: str
    kind: Kind
    title: str
    description: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    tones: tuple[str, ...] = ()
    unfinished: tuple[int, ...] = ()
    unfinished_name: str = ""
    cut: str = ""


def draw(chart: Chart, form: Format = "svg", width: float = PANEL) -> bytes:
    """Return the picture, `width` inches wide; its letters stay the same size."""
    with _LOCK, mpl.rc_context(STYLE):  # type: ignore[arg-type]  # matplotlib lists every key by name
        narrow = width < NARROW
        figure = Figure(figsize=(width, _height(chart, width)), layout="constrained")
        axes = figure.add_subplot()
        {"columns": _columns, "lines": _lines, "bars": _bars}[chart.kind](axes, chart, narrow)
        handles = axes.get_legend_handles_labels()[0] if len(chart.series) > 1 else []
        if chart.unfinished:
            fill, hatch, edge = UNFINISHED
            handles.append(Patch(facecolor=fill, hatch=hatch, edgecolor=edge, label=chart.unfinished_name))
        if handles:
            columns = 2 if narrow else 3
            figure.legend(handles=handles, loc="outside upper left", ncols=columns, frameon=False, fontsize=9)
        out = BytesIO()
        metadata = (
            {"Date": None, "Creator": None, "Title": chart.title} if form == "svg" else {"Software": None}
        )
        figure.savefig(out, format=form, metadata=metadata, dpi=144)
    return _described(out.getvalue(), chart) if form == "svg" else out.getvalue()


def _height(chart: Chart, width: float) -> float:
    if chart.kind == "bars":
        row = TIGHT if width == PAPER else ROW
        return 0.75 + row * len(chart.labels) * max(1, len(chart.series) * 0.75)
    return LOW if width in {WIDE, PAPER, COLUMN} else HEIGHT


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
    for series, fill in zip(chart.series, FILLS, strict=False):
        values = [value or 0 for value in series.values]
        drawn = axes.bar(places, values, 0.72, label=series.name)
        _paint(drawn, chart, fill)
        if not narrow or len(places) <= CROWDED:
            axes.bar_label(drawn, series.texts, fontsize=SMALLEST, padding=1)
    axes.grid(visible=False, axis="x")
    axes.margins(y=0.14)
    _name_places(axes, chart, narrow)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(chart.unit)


def _paint(bars: BarContainer, chart: Chart, fill: tuple[str, str]) -> None:
    """Give each bar the colour of its series, or of what it means; grey where its time is not over."""
    for place, bar in enumerate(bars):
        tone = TONES[chart.tones[place]] if chart.tones else (*fill, INK)
        colour, hatch, edge = UNFINISHED if place in chart.unfinished else tone
        bar.set(facecolor=colour, hatch=hatch, edgecolor=edge)


def _lines(axes: Axes, chart: Chart, narrow: bool) -> None:
    places = list(range(len(chart.labels)))
    fill, hatch, edge = UNFINISHED
    for place in chart.unfinished:
        axes.axvspan(
            place - 0.5, place + 0.5, facecolor=fill, hatch=hatch, edgecolor=edge, linewidth=0, zorder=0
        )
    for nth, (series, (colour, marker, style)) in enumerate(zip(chart.series, LINES, strict=False)):
        values = [float("nan") if value is None else value for value in series.values]
        axes.plot(
            places, values, style, color=colour, marker=marker, markersize=5, linewidth=1.8, label=series.name
        )
        if not narrow and len(places) <= 2 * CROWDED:
            _say_points(axes, series, colour, above=bool(nth))
    shown = [value for series in chart.series for value in series.values if value is not None]
    low = int(max(0, min(80, 10 * (min(shown, default=100) // 10) - 10)))
    axes.set_ylim(low, 100 + (100 - low) * 0.12)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.yaxis.set_major_locator(FixedLocator(range(low, 101, 5 if low >= CLOSE else 20)))
    _name_places(axes, chart, narrow)
    axes.set_ylabel(chart.unit)
    if low:
        _mark_cut(axes, chart.cut.format(low=low))


def _say_points(axes: Axes, series: Series, colour: str, *, above: bool) -> None:
    for place, (value, text) in enumerate(zip(series.values, series.texts, strict=True)):
        if value is not None:
            short = text.rstrip("\u00a0%")
            axes.annotate(
                short, (place, value), (0, 5 if above else -13), textcoords="offset points", ha="center",
                fontsize=SMALLEST, color=colour, bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.8},
            )  # fmt: skip


def _mark_cut(axes: Axes, said: str) -> None:
    """Say, and draw the two strokes that say, that this axis does not begin at zero."""
    axes.annotate(
        said, (0, 0), (6, 4), xycoords="axes fraction", textcoords="offset points", fontsize=SMALLEST, style="italic",
        color="#3d4856", bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"},
    )  # fmt: skip
    for foot in (0.02, 0.06):
        axes.plot(
            (-0.008, 0.008), (foot - 0.015, foot + 0.015), transform=axes.transAxes, color="#3d4856", linewidth=1.2,
            clip_on=False,
        )  # fmt: skip


def _bars(axes: Axes, chart: Chart, narrow: bool) -> None:
    del narrow
    count = len(chart.series)
    thick = 0.74 / count
    for nth, (series, fill) in enumerate(zip(chart.series, FILLS, strict=False)):
        places = [place + (nth - (count - 1) / 2) * thick for place in range(len(chart.labels))]
        values = [value or 0 for value in series.values]
        drawn = axes.barh(places, values, thick, label=series.name)
        _paint(drawn, chart, fill)
        axes.bar_label(drawn, series.texts, fontsize=SMALLEST, padding=3)
    axes.set_yticks(range(len(chart.labels)), chart.labels)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.14)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelbottom=False)  # each bar says its number
    axes.set_xlabel(chart.unit)


def _name_places(axes: Axes, chart: Chart, narrow: bool) -> None:
    """Name the places of the horizontal axis; every second or third one where there is no room for all."""
    most = CROWDED if narrow else 2 * CROWDED
    step = -(-len(chart.labels) // most)
    places = range(0, len(chart.labels), step)
    turned = len(places) > (5 if narrow else CROWDED)
    size = SMALLEST if len(places) > CROWDED else 9
    names = [chart.labels[place] for place in places]
    axes.set_xticks(places, names, rotation=45 if turned else 0, fontsize=size)
    if turned:
        for text in axes.get_xticklabels():
            text.set_horizontalalignment("right")
            text.set_rotation_mode("anchor")
