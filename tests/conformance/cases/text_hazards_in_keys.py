"""Texts that engines read as their own, as the keys of a dict."""


def make() -> dict[str, int]:
    return {"{{=1+1}}": 1, "$(HOME)": 2, "!": 3, "": 4, " ": 5, "\n": 6, '"': 7}


def show(value: dict[str, int]) -> str:
    return repr(value)


def pipeline():
    made = make()
    return made, show(made), {k: show({k: v}) for k, v in made.items()}
