"""Writes tests/cli/contracts/ anew, as build/dev/austeer (or the program in AUSTEER_BINARY) has it, for a
change that is meant: the difference is for review. The tests never do it.

    python tests/cli/renew_contracts.py"""

import os
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

if __name__ == "__main__":
    os.environ.setdefault("AUSTEER_BINARY", str(FOLDER.parents[1] / "build" / "dev" / "austeer"))
    import pins  # which asks for that program

    pins.renew()
    tests = unittest.defaultTestLoader.discover(FOLDER, "test_contracts*.py")
    sys.exit(not unittest.TextTestRunner().run(tests).wasSuccessful())
