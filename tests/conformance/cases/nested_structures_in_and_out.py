"""Displays three levels deep go into a step and come out, with steps' results inside."""


def one(n: int) -> int:
    return n + 1


def depth(value: dict[str, list[dict[str, object]]]) -> str:
    return repr(value)


def pipeline(n: int = 1):
    a = one(n)
    nested = {"rows": [{"n": a, "pair": (a, [one(a)])}, {}], "empty": []}
    return depth(nested), nested["rows"][0]["pair"], depth({"rows": [nested, {"x": {"y": a}}]})
