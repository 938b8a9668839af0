r"""Two hundred texts that engines like to change, from nothing to 1 MiB, each a value of its own."""

from hashlib import sha256

TEXTS = [
    "", " ", "\t", "\n", "\r", "\r\n", "\x00", "\x1b[31m", "\x7f", "\x85", "\xa0", "\u2028", "\u2029",
    "\ufeff", "\ufffd", "\U0001f600", "e\u0301", "\u0130", "\u202e", "\udc80",
    "{{=1+1}}", "{{workflow.name}}", "{{item}}", "{{inputs.parameters.a}}", "{{ ds }}", "{{x",
    "{{=sprig.fail('x')}}", "{{{}}}", "{%raw%}", "{#x#}", "{{$.inputs.parameters['a']}}",
    "$", "$$", "$(HOME)", "$$(HOME)", "${HOME}", "$((1+1))", "`id`", "; id #", "| cat", "> x", "*",
    "'", '"', "\\\\", "\\n", "'''", '"""', "%s %(x)s", "&amp;<b>", "- a: b", "---", "!!int 1", "&a *a",
    "null", "0o17", "1.0", "--step=x",
]
FILLS = ["x", "z{{=1+1}}$(HOME)", "\u00e9\U0001f600\n", "\\\"'`\x00"]
GROUPS = 10


def corpus() -> list[str]:
    within = [f"a {text} b\n" for text in TEXTS]
    sizes = [2**power for power in range(21)]
    return TEXTS + within + [(fill * size)[:size] for size in sizes for fill in FILLS]


def twenty(group: int) -> tuple[
    str, str, str, str, str, str, str, str, str, str,
    str, str, str, str, str, str, str, str, str, str,
]:
    return tuple(corpus()[group::GROUPS])


def changed(
    group: int,
    a: str, b: str, c: str, d: str, e: str, f: str, g: str, h: str, i: str, j: str,
    k: str, l: str, m: str, n: str, o: str, p: str, q: str, r: str, s: str, t: str,
) -> list[str]:
    found = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t]
    pairs = zip(found, corpus()[group::GROUPS], strict=True)
    return [repr(x)[:80] for x, text in pairs if x != text]


def digest(texts: list[str]) -> str:
    return sha256("".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def pipeline(groups: list[int] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]):
    differences = []
    firsts = []
    for group in groups:
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t = twenty(group)
        differences.append(
            changed(group, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)
        )
        firsts.append(a)
    return differences, firsts, digest(firsts)
