"""The SVG of docs/: CPU per packet and p99 over load, one line a relay, written by hand."""

import math
from xml.sax.saxutils import escape

import contenders
import loads

SHOWN = loads.PLOTTED
WIDTH, HEIGHT = 980, 620
PANEL_WIDTH, PANEL_HEIGHT, TOP, LEFT, GAP = 380, 420, 70, 74, 92
FONT = "font-family='system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'"
INK, FAINT, GRID = "#202124", "#5f6368", "#e3e6ea"


class Axis:
    """A logarithmic scale between two values, onto pixels."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start, self.end = low, high, start, end

    def at(self, value):
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self):
        power = 10 ** math.floor(math.log10(self.low))
        while power <= self.high:
            for step in (1, 2, 5):
                if self.low <= step * power <= self.high:
                    yield step * power
            power *= 10


def short(value):
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"


def text(x, y, words, size=13, color=INK, anchor="middle", weight="normal", extra=""):
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{color}' text-anchor='{anchor}' "
        f"font-weight='{weight}' {extra}>{escape(words)}</text>"
    )


def series(results, name, value):
    """(packets a second, value) for each rate of the ramp at which nothing was lost."""
    points = []
    for rate in loads.RAMP_RATES:
        figures = results.of(f"ramp-{rate}", name)
        if figures and figures.median("lost") == 0 and figures.median("sent_pps") > rate * 0.97:
            points.append((rate, value(figures)))
    return points


def bounds(lines):
    values = [value for points in lines.values() for _, value in points if value > 0]
    return (min(values) * 0.8, max(values) * 1.25) if values else (1, 10)


def panel(left, title, unit, lines):
    low, high = bounds(lines)
    x = Axis(loads.RAMP_RATES[0] * 0.85, loads.RAMP_RATES[-1] * 1.2, left, left + PANEL_WIDTH)
    y = Axis(low, high, TOP + PANEL_HEIGHT, TOP)
    out = [text(left, TOP - 22, title, 16, anchor="start", weight="600"), text(left, TOP - 5, unit, 12, FAINT, "start")]
    for tick in y.ticks():
        at = y.at(tick)
        out.append(f"<line x1='{left}' x2='{left + PANEL_WIDTH}' y1='{at:.1f}' y2='{at:.1f}' stroke='{GRID}'/>")
        out.append(text(left - 9, at + 4, short(tick), 12, FAINT, "end"))
    for tick in x.ticks():
        at = x.at(tick)
        out.append(f"<line x1='{at:.1f}' x2='{at:.1f}' y1='{TOP}' y2='{TOP + PANEL_HEIGHT}' stroke='{GRID}'/>")
        out.append(text(at, TOP + PANEL_HEIGHT + 20, short(tick), 12, FAINT))
    out.append(text(left + PANEL_WIDTH / 2, TOP + PANEL_HEIGHT + 42, "packets a second", 13, FAINT))
    for name, points in lines.items():
        contender = contenders.BY_NAME[name]
        width = 3.2 if name == "lens" else 2
        place = [(x.at(rate), y.at(value)) for rate, value in points if value > 0]
        joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in place)
        out.append(f"<polyline points='{joined}' fill='none' stroke='{contender.color}' stroke-width='{width}' "
                   "stroke-linejoin='round'/>")
        out += [f"<circle cx='{a:.1f}' cy='{b:.1f}' r='{width + 0.8:.1f}' fill='{contender.color}'/>" for a, b in place]
    return out


def legend():
    out, at = [], LEFT
    y = HEIGHT - 52
    for i, name in enumerate(SHOWN):
        contender = contenders.BY_NAME[name]
        at = LEFT + (i % 3) * 290
        row = y + (i // 3) * 26
        out.append(f"<line x1='{at}' x2='{at + 28}' y1='{row - 5}' y2='{row - 5}' stroke='{contender.color}' "
                   f"stroke-width='{3.2 if name == 'lens' else 2}'/>")
        out.append(f"<circle cx='{at + 14}' cy='{row - 5}' r='3.5' fill='{contender.color}'/>")
        out.append(text(at + 38, row, contender.title, 14, anchor="start", weight="600" if name == "lens" else "normal"))
    return out


def picture(results):
    cpu = {name: series(results, name, lambda figures: figures.median("cpu_ns_per_packet") / 1000) for name in SHOWN}
    late = {name: series(results, name, lambda figures: figures.percentile(0.99)) for name in SHOWN}
    body = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}' {FONT}>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>",
        *panel(LEFT, "CPU time per packet", "microseconds of the relay's process", cpu),
        *panel(LEFT + PANEL_WIDTH + GAP, "Delay, 99th percentile", "microseconds from send to receipt", late),
        *legend(),
        "</svg>",
    ]
    return "\n".join(body) + "\n"
