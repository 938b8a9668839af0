# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
def load(x: int) -> int:
    return x


def inner():
    a = load(size)  # error: HR201
    return load(size), a


def pipeline():
    return inner(), inner(), load(size), size  # error: HR201
