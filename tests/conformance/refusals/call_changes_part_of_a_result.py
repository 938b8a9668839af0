def load(n: int) -> int:
    return n


def history() -> dict[str, list[int]]:
    return {"loss": []}


def pipeline(names: list[str] = ["a"]):
    h = history()
    h["loss"].append(load(1))  # error: HR203
    h.update({"c": load(3)})  # error: HR203
    return h
