"""Methods of dict and list that make new values."""


def table() -> dict[str, int]:
    return {"b": 2, "a": 1}


def pipeline():
    t = table()
    return (
        list(t.keys()),
        list(t.values()),
        list(t.items()),
        t.get("c"),
        t.get("c", 5),
        sorted(t),
        [1, 2, 1].count(1),
        [3, 4].index(4),
        t | {"c": 3},
    )
