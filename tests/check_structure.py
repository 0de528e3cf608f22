"""What the rooms of lib/ promise about themselves, read from the sources alone:

- walls: a room that lib/CMakeLists.txt says it USES is included by one of its files, and every room
  that one of its files includes is named there;
- `rank` needs no model: nothing that apps/austeer/rank.cpp reaches lies in models, engine or studies;
- to follow `eval` takes at most EVAL_FILES files;
- a header that a comment or the map of the rooms names is there.

What a file reaches are the headers that it includes and the sources behind them, and so on. Prints what
is broken, one line each, and ends with 1 where anything is."""

import pathlib
import re
import sys
from collections import Counter

ROOT = pathlib.Path(__file__).resolve().parents[1]
EVAL_FILES = 200
NOT_FOR_RANK = {"models", "engine", "studies"}
HEADER = re.compile(r"(?<![\w/<.])((?:[a-z_0-9]+/)*[a-z_0-9]+\.hpp)\b")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def included(file):
    return INCLUDE.findall(file.read_text(encoding="utf-8"))


def rooms():
    """{room: the rooms that it says it uses}."""
    text = (ROOT / "lib" / "CMakeLists.txt").read_text()
    found = {}
    for name, rest in re.findall(r"austeer_room\((\w+)([^)]*)\)", text):
        uses = re.search(r"USES((?:\s+[a-z_]+)+)", rest)
        found[name] = uses.group(1).split() if uses else []
    return found


def broken_walls(uses):
    for room, named in uses.items():
        files = [*(ROOT / "lib" / room).glob("*.cpp"), *(ROOT / "lib" / room).glob("*.hpp")]
        used = {name.split("/")[0] for file in files for name in included(file) if "/" in name} - {room}
        for other in sorted(used - set(named)):
            yield f"lib/CMakeLists.txt: {room} includes {other}, which it does not say it USES"
        for other in sorted(set(named) - used):
            yield f"lib/CMakeLists.txt: {room} says it USES {other}, but includes nothing of it"


def reached_from(start):
    """The files that `start` reaches, itself among them."""
    seen, waiting = set(), [ROOT / start]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        behind = file.with_suffix(".cpp")
        if file.suffix == ".hpp" and behind.exists():
            waiting.append(behind)
        for name in included(file):
            for folder in ("lib", "apps/austeer"):
                if (ROOT / folder / name).exists():
                    waiting.append(ROOT / folder / name)
                    break
    return seen


def broken_promises():
    rank = reached_from("apps/austeer/rank.cpp")
    for file in sorted(rank):
        if file.parent.name in NOT_FOR_RANK:
            yield f"rank reaches {file.relative_to(ROOT)}"
    files = reached_from("apps/austeer/eval.cpp")
    if len(files) > EVAL_FILES:
        by_room = ", ".join(f"{name} {count}" for name, count in
                            Counter(file.parent.name for file in files).most_common())
        yield f"eval reaches {len(files)} files, more than {EVAL_FILES}: {by_room}"


def sources():
    for folder in ("lib", "apps"):
        yield from sorted((ROOT / folder).rglob("*.[ch]pp"))


def lost_headers():
    known = {file.relative_to(ROOT).as_posix() for file in sources()}
    for file in [*sources(), ROOT / "lib" / "README.md"]:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
            if line.startswith("#include"):
                continue
            for name in HEADER.findall(line):
                if not any(f"/{path}".endswith("/" + name) for path in known):
                    yield f"{file.relative_to(ROOT)}:{number}: there is no {name}"


def main():
    problems = [*broken_walls(rooms()), *broken_promises(), *lost_headers()]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
