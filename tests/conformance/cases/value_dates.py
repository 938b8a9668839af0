"""Dates, times, durations and zones arrive as themselves."""

from datetime import date, datetime, time, timedelta, timezone


def make() -> list[object]:
    zone = timezone(timedelta(hours=5, minutes=30))
    day = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=zone)
    return [date(2024, 2, 29), day, time(1, 2, 3), timedelta(days=-1, microseconds=1)]


def show(value: object) -> str:
    return repr(value)


def later(day: date) -> date:
    return day + timedelta(days=1)


def pipeline():
    made = make()
    return [show(v) for v in made], show(later(made[0])), show(made[1])
