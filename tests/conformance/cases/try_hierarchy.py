"""The class of the exception decides, by the hierarchy of the user's own classes."""

RUNS = [{"kind": "a"}, {"kind": "b"}, {"kind": "c"}, {"kind": "d"}, {"kind": ""}]


class Base(Exception):
    pass


class Left(Base):
    pass


class Right(Base, KeyError):
    pass


def work(kind: str) -> str:
    if kind == "a":
        raise Left("left")
    if kind == "b":
        raise Right("right")
    if kind == "c":
        raise KeyError("key")
    if kind == "d":
        raise ValueError("value")
    return "fine"


def note(text: str) -> str:
    return text.upper()


def pipeline(kind: str = ""):
    try:
        y = work(kind)
    except Left as error:
        y = note(f"left {error}")
    except LookupError as error:
        y = note(f"lookup {error}")
    except Base:
        y = "base"
    return y
