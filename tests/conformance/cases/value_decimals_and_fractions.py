"""Decimals and fractions keep every digit, and trailing zeros."""

from decimal import Decimal
from fractions import Fraction


def price() -> Decimal:
    return Decimal("1.10")


def third() -> Fraction:
    return Fraction(1, 3)


def total(price: Decimal, share: Fraction) -> str:
    return f"{price!r} {price * 3} {share!r} {share * 3}"


def pipeline():
    return total(price(), third())
