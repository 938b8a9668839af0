"""Try of several classes."""

RUNS = [{}, {"n": 7}, {"n": 0, "text": "{{=1+1}}"}]


def raising(text: str, x: int) -> str:
    if text == "é" and x == 2:
        raise KeyError(text)
    if x == 7:
        raise ZeroDivisionError("seven")
    raise ValueError(x)


def pipeline(n: int = 2, text: str = "é"):
    try:
        y = raising(text, n)
    except (KeyError, IndexError) as e:
        y = "lookup"
    except ValueError:
        y = "value"
    except Exception as e:
        y = repr(e)
    return y
