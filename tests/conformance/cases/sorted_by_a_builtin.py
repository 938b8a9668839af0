"""A builtin function as the key of `sorted`, `max` and `min`."""


def words(text: str) -> list[str]:
    return text.split()


def pipeline(text: str = "ccc a bb"):
    found = words(text)
    return sorted(found, key=len), max(found, key=len), min(found, key=len, default="")


RUNS = [{}, {"text": "x yy x"}]
