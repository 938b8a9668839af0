"""A package within a package."""

MARK = "!"
