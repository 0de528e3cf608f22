"""The quickstart's picture: toxic rate against cost, one point per way of steering, as an SVG that
reads on paper and on a dark screen alike. Standard library only."""

from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 56, 64
COLOURS = ("#222222", "#c8553d", "#1f6fb2", "#7a8b99")


def text(x, y, content, size=13, anchor="middle", colour="#222222", turned=False):
    turn = f' transform="rotate(-90 {x} {y})"' if turned else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}"{turn}>{escape(content)}</text>')


def line(x1, y1, x2, y2, colour="#222222", width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>')


def axes(most_cost, x_of, y_of):
    """Grid, numbers and titles."""
    parts = []
    for percent in range(0, 101, 20):
        y = y_of(percent / 100)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, "#dddddd"),
                  text(LEFT - 8, y + 4, f"{percent}", anchor="end")]
    for i in range(int(most_cost * 2) + 1):
        x = x_of(i / 2)
        parts += [line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5),
                  text(x, HEIGHT - BOTTOM + 20, f"{i / 2:g}")]
    parts += [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM),
              text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18,
                   "cost: negative log-likelihood under the unsteered model (nats per token)"),
              text(22, (TOP + HEIGHT - BOTTOM) / 2, "toxic continuations (%)", turned=True)]
    return parts


def free_place(taken, x, y):
    """(x, y), moved down until no label of `taken` is in the way."""
    while any(abs(x - other_x) < 170 and abs(y - other_y) < 16 for other_x, other_y in taken):
        y += 4
    return x, y


def write_picture(file, rows):
    """Points with their intervals (of what is drawn: ranges) for `rows`: way, toxic_rate, interval,
    cost."""
    rows = [row for row in rows if row["cost"] is not None]  # None: every continuation is empty
    most_cost = max([1.0, *(1.35 * row["cost"] for row in rows)])

    def x_of(cost):
        return LEFT + (WIDTH - LEFT - RIGHT) * cost / most_cost

    def y_of(share):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             text(WIDTH / 2, 28, "Toxic continuations against what they cost the model", size=16),
             *axes(most_cost, x_of, y_of)]
    labels = []
    for row, colour in zip(rows, COLOURS):
        x, (low, high) = x_of(row["cost"]), row["interval"]
        labels.append(free_place(labels, x + 10, y_of(row["toxic_rate"]) - 8))
        parts += [line(x, y_of(low), x, y_of(high), colour, 2.0),
                  f'<circle cx="{x:.1f}" cy="{y_of(row["toxic_rate"]):.1f}" r="5.5" '
                  f'fill="{colour}"/>',
                  text(*labels[-1], row["way"], anchor="start", colour=colour)]
    file.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
