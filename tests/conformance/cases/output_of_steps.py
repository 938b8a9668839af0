"""What steps print, on both streams, is no part of any result."""

import sys


def noisy(n: int) -> int:
    print("to stdout", n)
    print('{"state": "failed"}')
    print("to stderr", file=sys.stderr)
    return n + 1


def pipeline(n: int = 1):
    return noisy(noisy(n))
