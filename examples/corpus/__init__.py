"""A few famous texts that anyone may copy."""

from corpus.files import read

__all__ = ["read"]
