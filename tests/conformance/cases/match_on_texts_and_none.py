"""`match` on texts, None, booleans, numbers and or-patterns, with a guard that is a step."""

RUNS = [{}, {"what": "b"}, {"what": "c"}, {"what": None}, {"what": -1}, {"what": True}, {"what": 2}]


def word(text: str) -> str:
    return text + text


def allowed(what: object) -> bool:
    return what == 2


def pipeline(what: str | int | bool | None = "a"):
    match what:
        case "a" | "b":
            out = word("ab")
        case None:
            out = word("none")
        case True | False:
            out = "bool"
        case -1:
            out = word("minus")
        case _ if allowed(what):
            out = "two"
        case _:
            out = "other"
    return out
