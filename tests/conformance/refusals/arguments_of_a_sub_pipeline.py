# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
def load(x: int) -> int:
    return x


def inner(x: int, y: int = 1):
    return load(x) + y


def pipeline():
    return inner(), inner(1, z=2), inner(1, 2, 3)  # error: HR204 HR204 HR204
