def load(x: int) -> object:
    return x


def pipeline(xs: list[int] = [1]):
    try:
        a = load(load(1)).predict(2)  # error: HR203
        b = load(a, unknown=load(2) + load(3))  # error: HR204
        c, d, e = (load(4), load(5))  # error: HR301
        f = load(6) is load(7)  # error: HR303
        g = [load(x) for x in xs if load(x).fit(1)]  # error: HR203
    except ValueError:
        pass
    match load(8).kind:
        case [h]:  # error: HR102
            pass
    total = 0
    for x in xs:
        match load(x):
            case 1:
                total += load(x)  # error: HR106
    return total
