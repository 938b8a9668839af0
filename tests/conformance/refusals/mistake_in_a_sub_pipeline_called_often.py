# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
def load(x: int) -> int:
    return x


def inner(x: int):
    while x:  # error: HR102
        x = load(x)
    return load(x, y=2)  # error: HR204


def pipeline():
    return [inner(x) for x in [1, 2]], inner(3), inner(4)
