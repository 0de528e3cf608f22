"""Writes tests/cli/contracts/ anew, as the program in AUSTEER_BINARY has it, for a change that is meant:
the difference is for review. The tests never do it.

    AUSTEER_BINARY=build/dev/austeer python tests/cli/renew_contracts.py"""

import sys
import unittest

import pins

if __name__ == "__main__":
    pins.renew()
    tests = unittest.defaultTestLoader.discover(pins.CONTRACTS.parent, "test_contracts*.py")
    sys.exit(not unittest.TextTestRunner().run(tests).wasSuccessful())
