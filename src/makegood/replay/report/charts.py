"""Charts of reports as SVG text, drawn by Altair; the only module that knows it.

Each function takes plain numbers and returns one picture. Colours are Okabe and Ito's, which
people with any kind of colour vision can tell apart; a series keeps its colour by its place.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_WIDTH: Final = 720
_HEIGHT: Final = 260
_ROW_HEIGHT: Final = 26

Pairs = Sequence[tuple[float, float]]
Band = tuple[float, float, float, float]
# Altair's own types are made at run time and unknown to a type checker; they stay in here.
_alt: Any = alt


def lines(
    series: Mapping[str, Pairs], *, x: str, y: str, marks: Mapping[str, float] | None = None
) -> str:
    """Return lines over one axis; `marks` are upright lines with a name at an x."""
    rows = [{"x": a, "y": b, "of": name} for name, pairs in series.items() for a, b in pairs]
    data = _alt.Data(values=rows)
    base = _alt.Chart(data).encode(
        x=_alt.X("x:Q", title=x),
        y=_alt.Y("y:Q", title=y),
        color=_colour(list(series)),
    )
    return _svg(_marked(base.mark_line(strokeWidth=2, clip=True), marks))


def bands(
    series: Mapping[str, Sequence[tuple[float, float, float, float]]], *, x: str, y: str
) -> str:
    """Return lines with a band around each: (x, middle, low, high)."""
    rows = [
        {"x": a, "y": middle, "lo": lo, "hi": hi, "of": name}
        for name, points in series.items()
        for a, middle, lo, hi in points
    ]
    data, colour = _alt.Data(values=rows), _colour(list(series))
    where = _alt.X("x:Q", title=x)
    band = _alt.Chart(data).mark_area(opacity=0.18)
    band = band.encode(x=where, y=_alt.Y("lo:Q", title=y), y2="hi:Q", color=colour)
    line = _alt.Chart(data).mark_line(strokeWidth=2, point=True)
    return _svg(band + line.encode(x=where, y="y:Q", color=colour))


def intervals(rows: Sequence[tuple[str, float, float, float]], *, x: str) -> str:
    """Return a point with its interval a row: (name, middle, low, high)."""
    values = [{"name": n, "y": middle, "lo": lo, "hi": hi} for n, middle, lo, hi in rows]
    order = [name for name, *_ in rows]
    base = _alt.Chart(_alt.Data(values=values)).encode(
        y=_alt.Y("name:N", title=None, sort=order, axis=_alt.Axis(labelLimit=320))
    )
    scale = _alt.Scale(zero=False, nice=True)
    bar = base.mark_rule(strokeWidth=3, color=_COLOURS[0])
    bar = bar.encode(x=_alt.X("lo:Q", title=x, scale=scale), x2="hi:Q")
    point = base.mark_point(filled=True, size=80, color=_COLOURS[0]).encode(x="y:Q")
    text = base.mark_text(align="left", dx=8, dy=-9, fontSize=11)
    text = text.encode(x="y:Q", text=_alt.Text("y:Q", format=".3~f"))
    return _svg(bar + point + text, height=max(60, _ROW_HEIGHT * 1.6 * len(rows)))


def histogram(series: Mapping[str, Sequence[float]], *, x: str, bins: int = 40) -> str:
    """Return how often values fall where, one outline a series, as shares of each series."""
    rows = [
        {"x": value, "of": name, "share": 1 / len(values)}
        for name, values in series.items()
        for value in values
    ]
    chart = _alt.Chart(_alt.Data(values=rows)).mark_line(interpolate="step-after", strokeWidth=2)
    where = _alt.X("x:Q", bin=_alt.Bin(maxbins=bins), title=x)
    share = _alt.Y("sum(share):Q", title="share", axis=_alt.Axis(format="%"))
    return _svg(chart.encode(x=where, y=share, color=_colour(list(series))))


def strips(series: Mapping[str, Sequence[float]], *, x: str) -> str:
    """Return a row a series, with a stroke at each value: few values, none hidden in a bin."""
    rows = [{"x": value, "of": name} for name, values in series.items() for value in values]
    chart = _alt.Chart(_alt.Data(values=rows)).mark_tick(
        thickness=2, size=20, opacity=0.7, color=_COLOURS[0]
    )
    where = _alt.X("x:Q", title=x, scale=_alt.Scale(zero=False, nice=True))
    which = _alt.Y("of:N", title=None, sort=list(series), axis=_alt.Axis(labelLimit=320))
    return _svg(chart.encode(x=where, y=which), height=max(60, _ROW_HEIGHT * 1.4 * len(series)))


def bars(values: Mapping[str, float], *, x: str) -> str:
    """Return a bar a name, in the order given."""
    rows = [{"name": name, "y": value} for name, value in values.items()]
    base = _alt.Chart(_alt.Data(values=rows)).encode(
        y=_alt.Y("name:N", title=None, sort=list(values), axis=_alt.Axis(labelLimit=320)),
        x=_alt.X("y:Q", title=x),
    )
    text = base.mark_text(align="left", dx=4, fontSize=11)
    text = text.encode(text=_alt.Text("y:Q", format=",.3~r"))
    bar = base.mark_bar(color=_COLOURS[0], height={"band": 0.7})
    return _svg(bar + text, height=max(40, _ROW_HEIGHT * len(values)))


def places(
    layers: Mapping[str, Sequence[tuple[float, float]]], *, title: str, reach_m: float | None = None
) -> str:
    """Return a map: points by layer, as (metres east, metres north); later layers lie on top.

    `reach_m` is how far it shows from the middle, so that two frames can be laid side by side;
    as far as the points unless given.
    """
    rows = [{"x": a, "y": b, "of": name} for name, points in layers.items() for a, b in points]
    far = (abs(metres) for points in layers.values() for place in points for metres in place)
    reach = max(far, default=1.0) * 1.05 if reach_m is None else reach_m
    scale = _alt.Scale(domain=[-reach, reach])
    chart = _alt.Chart(_alt.Data(values=rows), title=title).mark_point(
        filled=True, size=46, opacity=0.8
    )
    encoded = chart.encode(
        x=_alt.X("x:Q", scale=scale, title="metres east"),
        y=_alt.Y("y:Q", scale=scale, title="metres north"),
        color=_colour(list(layers), columns=3),
        shape=_alt.Shape("of:N", sort=list(layers), legend=None),
    )
    return _svg(encoded, width=365, height=365)


def _colour(names: list[str], columns: int = 0) -> Any:  # noqa: ANN401 -- Altair's
    scale = _alt.Scale(domain=names, range=[_COLOURS[i % len(_COLOURS)] for i in range(len(names))])
    legend = (
        _alt.Legend(orient="top", title=None, labelLimit=300, columns=columns)
        if len(names) > 1
        else None
    )
    return _alt.Color("of:N", scale=scale, legend=legend)


def _marked(chart: Any, marks: Mapping[str, float] | None) -> Any:  # noqa: ANN401 -- Altair's
    if not marks:
        return chart
    data = _alt.Data(values=[{"x": at, "name": name} for name, at in marks.items()])
    rule = _alt.Chart(data).mark_rule(strokeDash=[4, 4], color="#888").encode(x="x:Q")
    text = _alt.Chart(data).mark_text(align="left", dx=4, fontSize=11, color="#555")
    return chart + rule + text.encode(x="x:Q", y=_alt.value(8), text="name:N")


def _svg(chart: Any, width: float = _WIDTH, height: float = _HEIGHT) -> str:  # noqa: ANN401 -- Altair's
    sized = chart.properties(width=width, height=height)
    sized = sized.configure_axis(gridColor="#e6e9ee", labelFontSize=12, titleFontSize=12)
    sized = sized.configure_view(stroke=None).configure_legend(labelFontSize=12)
    out = io.StringIO()
    sized.save(out, format="svg")
    return out.getvalue()
