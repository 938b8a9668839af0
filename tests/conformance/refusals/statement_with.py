from tempfile import TemporaryDirectory


def load(folder: str) -> int:
    return 1


def pipeline():
    with TemporaryDirectory() as folder:  # error: HR102
        size = load(folder)
    return load(folder), size
