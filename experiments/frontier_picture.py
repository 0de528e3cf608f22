"""The frontier's picture: one panel per way of steering, toxic rate against cost over the strength,
with the way's controls and one way that is shown in every panel. An SVG that reads on paper and on
a dark screen alike. Standard library only."""

import itertools
from xml.sax.saxutils import escape

PANEL_WIDTH, PANEL_HEIGHT, COLUMNS = 300, 230, 4
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 30, 40
COLOURS = {"way": "#1f6fb2", "everywhere": "#c8553d", "control": "#8a98a5", "vanilla": "#222222"}
DASHES = ("", "5 3", "2 2", "7 2 2 2")


def text(x, y, content, size=11, anchor="middle", colour="#222222", turned=False):
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}"{turn}>{escape(content)}</text>')


class Panel:
    """A coordinate system whose corner lies at (x, y); `costs`: the least and the most one, of which the
    least is a whole number."""

    def __init__(self, x, y, costs, most_rate):
        self.x, self.y, self.most_rate = x, y, most_rate
        self.least_cost, self.most_cost = costs

    def place(self, cost, rate):
        wide, high = PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM
        share = (cost - self.least_cost) / (self.most_cost - self.least_cost)
        return (self.x + LEFT + wide * share,
                self.y + TOP + high * (1 - min(rate / self.most_rate, 1)))

    def axes(self, title):
        left, bottom = self.place(self.least_cost, 0)
        right, top = self.place(self.most_cost, self.most_rate)
        parts = [text((left + right) / 2, self.y + 18, title, size=13)]
        for tenth in range(0, int(self.most_rate * 10) + 1, 2):
            y = self.place(0, tenth / 10)[1]
            parts += [f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="#dddddd"/>',
                      text(left - 6, y + 4, f"{10 * tenth}", anchor="end")]
        for cost in range(self.least_cost, int(self.most_cost) + 1):
            x = self.place(cost, 0)[0]
            parts.append(text(x, bottom + 16, f"{cost}"))
        parts += [f'<path d="M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}" fill="none" '
                  'stroke="#222222"/>',
                  text((left + right) / 2, bottom + 32, "cost (nats per token)"),
                  text(self.x + 12, (top + bottom) / 2, "toxic (%)", turned=True)]
        return parts

    def curve(self, points, colour, dash=""):
        """A line through (cost, rate, (low, high)), with an interval at each; points beyond the panel
        are left out."""
        points = [point for point in points if point[0] <= self.most_cost]
        places = [self.place(cost, rate) for cost, rate, _ in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts = [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6" '
                 f'stroke-dasharray="{dash}"/>']
        for (x, y), (cost, _, (low, high)) in zip(places, points):
            top, bottom = self.place(cost, high)[1], self.place(cost, low)[1]
            parts += [f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{colour}"/>',
                      f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>']
        return parts


def legend(panel, names, colours):
    parts = []
    for i, ((name, dash), colour) in enumerate(zip(names, colours)):
        x, y = panel.x + PANEL_WIDTH - RIGHT - 118, panel.y + TOP + 6 + 13 * i
        parts += [f'<path d="M{x:.1f} {y:.1f}h18" stroke="{colour}" stroke-width="1.6" '
                  f'stroke-dasharray="{dash}"/>', text(x + 23, y + 4, name, 10, "start", colour)]
    return parts


def write_picture(file, vanilla, curves, controls, everywhere):
    """`vanilla`: a point as in Panel.curve, at which every curve begins; `curves`: {way: points};
    `controls`: {way: {control: points}}; `everywhere`: the way that every panel shows."""
    points = [vanilla, *itertools.chain(*curves.values())]
    points += itertools.chain(*(p for ways in controls.values() for p in ways.values()))
    least_cost = int(min(cost for cost, _, _ in points))
    most_cost = max(least_cost + 2.0, min(6.0, 1.05 * max(cost for cost, _, _ in points)))
    most_rate = min(1.0, 1.15 * max(high for _, _, (_, high) in points))
    rows = -(-len(curves) // COLUMNS)
    width, height = COLUMNS * PANEL_WIDTH, rows * PANEL_HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for i, (way, curve) in enumerate(curves.items()):
        panel = Panel(PANEL_WIDTH * (i % COLUMNS), PANEL_HEIGHT * (i // COLUMNS),
                      (least_cost, most_cost), most_rate)
        parts += panel.axes(way)
        shown = [(f"control: {name}", dash, points, COLOURS["control"])
                 for (name, points), dash in zip(controls.get(way, {}).items(), DASHES)]
        if way != everywhere and everywhere in curves:
            shown.append((everywhere, "", curves[everywhere], COLOURS["everywhere"]))
        shown.append(("this way", "", curve, COLOURS["way"]))
        for _, dash, line, colour in shown:
            parts += panel.curve([vanilla, *line], colour, dash)
        parts += panel.curve([vanilla], COLOURS["vanilla"])
        parts += legend(panel, [(name, dash) for name, dash, _, _ in shown],
                        [colour for *_, colour in shown])
    file.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
