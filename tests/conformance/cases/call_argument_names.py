"""Parameters named as words of ours, of shells and of Python."""


def odd(step: str, output: str, value: str, let: str, store: str, result: str, self: str) -> str:
    return "/".join([step, output, value, let, store, result, self])


def pipeline(items: str = "i", condition: str = "c"):
    result = odd("a", "b", items, condition, "e", "f", self="g")
    caught = odd(result, "1", "2", "3", "4", "5", "6")
    return result, caught
