"""Methods of str that make new values."""


def line(n: int) -> str:
    return " a,b , c " * n


def pipeline(n: int = 2):
    text = line(n)
    return (
        text.strip().split(","),
        text.replace("a", "é").upper().title(),
        "-".join(p.strip() for p in text.split(",")),
        text.startswith(" "),
        text.find("c"),
        "{}:{:>4}".format(n, text[1]),
        "%s/%05d" % (text[1], n),
    )
