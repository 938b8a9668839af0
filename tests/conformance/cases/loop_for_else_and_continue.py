"""`continue` in branches of a loop, and `else` after it."""

RUNS = [{}, {"xs": []}, {"xs": [9]}]


def check(x: int) -> bool:
    return x % 3 == 0


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 3, 4, 6]):
    out = []
    for x in xs:
        if x == 4:
            continue
        if check(x):
            y = double(x)
            if y > 10:
                continue
            out.append(y)
        else:
            out.append(x)
    else:
        end = double(len(out))
    return out, end
