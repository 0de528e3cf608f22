"""What the benchmarks share: running a program with its time and the most memory that it held, the
spread of repeats, and the machine's name. Standard library only: a process that starts others passes
its own peak on to theirs, so it has to stay small.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(*command):
    """(what the command prints, {"process_seconds", "peak_bytes"})."""
    start = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {child.returncode}")
    return printed, {"process_seconds": time.perf_counter() - start,
                     "peak_bytes": usage.ru_maxrss * 1024}


def run_json(*command):
    """The JSON object that the command prints, with its time and memory."""
    printed, costs = run(*command)
    return json.loads(printed) | costs


def run_script(name, *arguments):
    """As run_json, of a script in this folder."""
    return run_json(sys.executable, HERE / name, *arguments)


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def processor():
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")),
                platform.processor())
