def load(x: int) -> int:
    return x


def pipeline():
    items = laod(1)  # error: HR203
    items.append(2)
    items["a"] = 3
    total = 0
    for item in items:
        total += load(item)
    first, second = items
    if items:
        total = load(first)
    if items.ready():
        raise items
    return [load(x) for x in items], items[0], f"{items}", second, total, items(1)
