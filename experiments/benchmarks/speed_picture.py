"""The picture of speed.py's table: how far each figure is beyond its goal, as a multiple of it; twice as
good is 2, whichever way the goal goes.
"""

import subprocess

LEAST, MOST = 0.25, 8  # what the axis shows; beyond it, its end


def beyond(figure):
    """(min, median, max) as multiples of the goal."""
    relation, goal = figure["goal"].split()
    values = [figure[part] for part in ("min", "median", "max")]
    if relation == ">=":
        shares = [value / float(goal) for value in values]
    else:
        shares = [float(goal) / value if value > 0 else MOST for value in reversed(values)]
    return [min(max(share, LEAST), MOST) for share in shares]


def draw(result, path):
    """One line for each figure that has a goal, in the table's order."""
    figures = [(f"{work['work']}: {figure['what']}", beyond(figure))
               for work in result["works"] for figure in work["figures"] if "goal" in figure]
    rows = "\n".join(f"{-place} {low} {middle} {high}"
                     for place, (_, (low, middle, high)) in enumerate(figures))
    names = ", ".join(f"'{name}' {-place}" for place, (name, _) in enumerate(figures))
    script = (f"set terminal svg size 900,{90 + 26 * len(figures)} background '#ffffff'\n"
              f"set output '{path}'\n$rows << END\n{rows}\nEND\n"
              f"set ytics ({names})\nset yrange [{0.7 - len(figures)}:0.7]\n"
              f"set logscale x 2\nset xrange [{LEAST}:{MOST}]\nset grid x\nunset key\n"
              f"set xlabel 'times the goal; bars from the least to the most of the repeats'\n"
              f"set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc '#c8553d'\n"
              f"plot $rows using 3:1:2:4 with xerrorbars lc '#1f6fb2' pt 7\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
