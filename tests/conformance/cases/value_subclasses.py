"""Values of classes that derive from built-in ones, and collections of the library."""

from collections import Counter, OrderedDict, defaultdict, deque


def make() -> list[object]:
    counts = Counter("abca")
    ordered = OrderedDict([("b", 1), ("a", 2)])
    default = defaultdict(int, {"x": 1})
    return [counts, ordered, dict(default), deque([1, 2], maxlen=3)]


def show(value: object) -> str:
    return f"{type(value).__name__} {value!r}"


def pipeline():
    made = make()
    return [show(v) for v in made], made[0]["a"], list(made[1])
