# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
from datetime import date


def load(day: object) -> int:
    return 1


def inner(day=date.today()):  # error: HR304
    return load(day)


def pipeline():
    return inner(), inner()
