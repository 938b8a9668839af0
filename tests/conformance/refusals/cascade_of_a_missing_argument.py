# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
def load(x: int) -> int:
    return x


def inner(x: int, y: int):
    return [load(i + y) for i in range(x)]


def pipeline():
    return inner(1)  # error: HR204
