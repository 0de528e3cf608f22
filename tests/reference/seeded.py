"""The 64-bit Mersenne Twister (Matsumoto & Nishimura, mt19937-64), which NumPy lacks: the draws that
C++'s std::mt19937_64 makes from a seed."""

import numpy

STATE, MIDDLE = 312, 156
UPPER = numpy.uint64(0xFFFFFFFF80000000)
LOWER = numpy.uint64(0x7FFFFFFF)
MATRIX = numpy.uint64(0xB5026F5AA96619E9)


def first_state(seed):
    words = [seed]
    for i in range(1, STATE):
        word = words[-1] ^ (words[-1] >> 62)
        words.append((6364136223846793005 * word + i) % 2**64)
    return numpy.array(words, dtype=numpy.uint64)


def twisted(state):
    """The next 312 words. A word depends on one 156 places further on, so halves are computed at a
    time, and the last word by itself, as it looks at the first new one."""
    new = state.copy()

    def twist(first, last):
        at = numpy.arange(first, last)
        bits = (new[at] & UPPER) | (new[(at + 1) % STATE] & LOWER)
        odd = numpy.where(bits & numpy.uint64(1), MATRIX, numpy.uint64(0))
        new[at] = new[(at + MIDDLE) % STATE] ^ (bits >> numpy.uint64(1)) ^ odd

    twist(0, MIDDLE)
    twist(MIDDLE, STATE - 1)
    twist(STATE - 1, STATE)
    return new


def tempered(x):
    x = x ^ ((x >> numpy.uint64(29)) & numpy.uint64(0x5555555555555555))
    x = x ^ ((x << numpy.uint64(17)) & numpy.uint64(0x71D67FFFEDA60000))
    x = x ^ ((x << numpy.uint64(37)) & numpy.uint64(0xFFF7EEE000000000))
    return x ^ (x >> numpy.uint64(43))


def draws(seed, count):
    """The first `count` words, uint64."""
    state, blocks = first_state(seed), []
    for _ in range(-(-count // STATE)):
        state = twisted(state)
        blocks.append(tempered(state))
    return numpy.concatenate(blocks)[:count] if blocks else numpy.zeros(0, numpy.uint64)


def below(seed, bounds):
    """One draw below each of `bounds`, in order."""
    bounds = numpy.asarray(bounds, dtype=numpy.uint64)
    return (draws(seed, bounds.size).reshape(bounds.shape) % bounds).astype(numpy.int64)
