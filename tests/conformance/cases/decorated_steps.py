"""Steps under decorators of the library and of the module."""

import functools


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return wrapper


@doubled
def number(n: int) -> int:
    return n


@functools.lru_cache
def cached(n: int) -> int:
    return n + 1


def pipeline(n: int = 3):
    return number(n), cached(n), cached(n)
