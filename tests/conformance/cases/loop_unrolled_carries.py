"""A loop over constants that carries a value from turn to turn is written out."""


def add(a: int, b: int) -> int:
    return a + b


def pipeline(n: int = 1):
    state = n
    history = []
    for step in (1, 2, 3):
        state = add(state, step)
        history.append(state)
    return state, history
