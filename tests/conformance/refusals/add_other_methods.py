def load() -> list[int]:
    return [1]


def pipeline():
    values = [3, 1]
    values.insert(0, 2)  # error: HR203
    values.sort()  # error: HR203
    values.remove(2)  # error: HR203
    last = values.pop()  # error: HR203
    names = {}
    names.update(a=1)  # error: HR203
    names.setdefault("a", [])  # error: HR203
    return values, last, names
