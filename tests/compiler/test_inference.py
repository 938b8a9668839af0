"""The inferred types of glue expressions, against the values that Python gives for them."""

import ast
import builtins
import functools
import itertools
import re
import warnings
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.compiler.frontend.inference import infer, type_of_value
from headrace.compiler.frontend.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    STR,
    UNANNOTATED,
    UNKNOWN,
    Abstract,
    Artifact,
    Dict,
    Enum,
    FrozenSet,
    List,
    Literal,
    Set,
    Tuple,
    TupleOf,
    Type,
    Value,
    merge,
    show,
)
from headrace.compiler.glue import METHODS
from headrace.runtime.glue import FUNCTIONS, HELPERS
from static_types import (
    POINT,
    POINTS,
    ROW,
    ROWS,
    SETTING,
    SETTINGS,
    Point,
    Setting,
    constants,
    holds,
    types_of,
    values,
)

NAMES: dict[str, Type] = {
    "b": BOOL,
    "n": INT,
    "m": INT,
    "f": FLOAT,
    "c": COMPLEX,
    "s": STR,
    "opt": merge([INT, NONE]),
    "either": merge([INT, STR]),
    "kind": Literal(("a", "b")),
    "ns": List(INT),
    "fs": List(FLOAT),
    "words": List(STR),
    "any_list": List(UNKNOWN),
    "pair": Tuple((INT, STR)),
    "many": TupleOf(INT),
    "d": Dict(STR, INT),
    "counts": Value("collections.Counter", (STR,)),
    "row": ROW,
    "point": POINT,
    "setting": SETTING,
    "seq": Abstract("Sequence", INT),
    "table": Abstract("Mapping", STR, FLOAT),
    "numbers": Set(INT),
    "pairs": List(Tuple((STR, INT))),
    "colour": Enum("m:Colour", ("RED",), STR),
    "path": Artifact("pathlib.Path"),
    "frame": Artifact("pandas.DataFrame"),
    "x": UNKNOWN,
    "u": UNANNOTATED,
}

INFERRED = {
    # constants and displays
    "None": "None",
    "True": "bool",
    "1": "int",
    "1.0": "float",
    "'a'": "str",
    "[]": "list",
    "[1, 2]": "list[int]",
    "[1, 'a', None]": "list[int | str | None]",
    "[*ns, s]": "list[int | str]",
    "(1, 'a')": "tuple[int, str]",
    "(*pair, f)": "tuple[int, str, float]",
    "(*ns, s)": "tuple[int | str, ...]",
    "{'a': 1, 'b': 2.0}": "dict[str, int | float]",
    "{**d, 'b': s}": "dict[str, int | str]",
    "{**x}": "dict",
    "{1, 2}": "set[int]",
    "f'{n:>3} {s!r}'": "str",
    # arithmetic
    "n + m": "int",
    "n + f": "float",
    "b + b": "int",
    "n / m": "float",
    "n // m": "int",
    "f // n": "float",
    "b % b": "int",
    "n * c": "complex",
    "n ** 2": "int",
    "n ** m": "int | float",
    "n ** b": "int",
    "f ** 2": "float",
    "f ** n": "float",
    "n ** 0.5": "float | complex",
    "f ** f": "float | complex",
    "2 ** -1": "int | float",
    "n << 2": "int",
    "n & b": "int",
    "b & b": "bool",
    "b | n": "int",
    "-b": "int",
    "-f": "float",
    "~n": "int",
    "~f": "Any",
    "either + 1": "Any",
    "either * 2": "int | str",
    "opt + 1": "Any",
    "x + 1": "Any",
    "n + x": "Any",
    "n @ m": "Any",
    # texts and collections
    "s + 'a'": "str",
    "s * n": "str",
    "n * s": "str",
    "s % n": "str",
    "s % pair": "str",
    "s % x": "Any",
    "s + x": "Any",
    "s + n": "Any",
    "ns + words": "list[int | str]",
    "ns * 2": "list[int]",
    "pair + (f,)": "tuple[int, str, float]",
    "pair + many": "tuple[int | str, ...]",
    "pair * 2": "tuple[int | str, ...]",
    "d | {'a': f}": "dict[str, int | float]",
    "numbers - {1}": "set[int]",
    "numbers | {'a'}": "set[int | str]",
    # logic
    "not x": "bool",
    "n < m": "bool",
    "0 < n < f": "bool",
    "n == s": "bool",
    "x == n": "Any",
    "colour == s": "Any",
    "frame == 1": "Any",
    "frame is None": "bool",
    "x in ns": "bool",
    "ns < ns": "bool",
    "any_list == ns": "bool",
    "any_list < ns": "Any",
    "n and s": "int | str",
    "opt or 0": "int",
    "opt and s": "int | str | None",
    "x or n": "Any",
    "n if b else s": "int | str",
    "u if b else n": "Any",
    # parts
    "ns[0]": "int",
    "ns[n]": "int",
    "ns[x]": "Any",
    "ns[1:]": "list[int]",
    "pair[0]": "int",
    "pair[-1]": "str",
    "pair[n]": "int | str",
    "pair[2]": "Any",
    "pair[1:]": "tuple[str]",
    "pair[:-1]": "tuple[int]",
    "pair[n:]": "tuple[int | str, ...]",
    "pair[::2]": "tuple[int | str, ...]",
    "s[0]": "str",
    "s[1:]": "str",
    "d['a']": "int",
    "d[x]": "int",
    "counts['a']": "int",
    "row['count']": "int",
    "row['other']": "Any",
    "row[s]": "Any",
    "point[0]": "int",
    "point.label": "str",
    "setting.rate": "float",
    "setting.missing": "Any",
    "seq[0]": "int",
    "seq[1:]": "Any",
    "table['a']": "float",
    "kind[0]": "str",
    "range(3)[1]": "int",
    "range(3)[1:]": "range",
    "colour.value": "str",
    "path.stem": "str",
    "n.real": "int",
    "frame.columns": "Any",
    "frame['a']": "Any",
    "unpack(pair, 2)[1]": "str",
    "unpack(ns, 2)[1]": "int",
    "unpack(pair, 2)": "list[int | str]",
    # functions
    "len(x)": "int",
    "str(x)": "str",
    "int(s)": "int",
    "float(n)": "float",
    "bool(x)": "bool",
    "any(x)": "bool",
    "repr(x)": "str",
    "format(n, '>3')": "str",
    "abs(b)": "int",
    "abs(c)": "float",
    "abs(x)": "Any",
    "round(f)": "int",
    "round(f, 2)": "float",
    "round(f, None)": "int",
    "round(f, ndigits=n)": "float",
    "round(f, opt)": "float | int",
    "round(n, 2)": "int",
    "round(x)": "Any",
    "min(ns)": "int",
    "max(n, f)": "int | float",
    "max(ns, default=None)": "int | None",
    "max(d)": "str",
    "max(ns, key=x)": "int",
    "sum(ns)": "int",
    "sum(fs)": "int | float",
    "sum(fs, 0.0)": "float",
    "sum(fs, start=0.0)": "float",
    "sum([ns], [])": "list",
    "sum(x)": "Any",
    "sum(b for i in ns)": "int",
    "sum(fs) / len(fs)": "float",
    "sorted(d)": "list[str]",
    "sorted(s, reverse=True)": "list[str]",
    "list(pair)": "list[int | str]",
    "list(x)": "list",
    "list()": "list",
    "tuple(ns)": "tuple[int, ...]",
    "tuple(pair)": "tuple[int, str]",
    "tuple()": "tuple[()]",
    "dict(d, a=f)": "dict[str, float | int]",
    "dict(zip(words, ns))": "dict[str, int]",
    "dict(pairs)": "dict[str, int]",
    "dict(a=1)": "dict[str, int]",
    "dict(x)": "dict",
    "list(zip(ns, words, strict=True))": "list[tuple[int, str]]",
    "list(enumerate(words, 1))": "list[tuple[int, str]]",
    "list(reversed(ns))": "list[int]",
    "list(range(n))": "list[int]",
    "divmod(n, m)": "tuple[int, int]",
    "divmod(f, n)": "tuple[float, float]",
    "len(*x)": "Any",
    "unknown(n)": "Any",
    # methods
    "s.upper()": "str",
    "s.split(',')": "list[str]",
    "s.partition('a')": "tuple[str, str, str]",
    "','.join(words)": "str",
    "s.startswith('a')": "bool",
    "s.find('a')": "int",
    "'{}'.format(x)": "str",
    "kind.upper()": "str",
    "either.upper()": "Any",
    "d.get('a')": "int | None",
    "d.get('a', s)": "int | str",
    "d.keys()": "KeysView[str]",
    "list(d.items())": "list[tuple[str, int]]",
    "sum(d.values())": "int",
    "sorted(counts.items())": "list[tuple[str, int]]",
    "row.get('count', 0)": "int",
    "row.get('text')": "str | None",
    "row.get(s)": "Any",
    "row.keys()": "KeysView[str]",
    "row.values()": "ValuesView",
    "ns.index(1)": "int",
    "ns.copy()": "list[int]",
    "f.is_integer()": "bool",
    "n.bit_length()": "int",
    "x.upper()": "Any",
    "frame.copy()": "Any",
    # comprehensions
    "[i * 2 for i in ns]": "list[int]",
    "[w for w in words if w]": "list[str]",
    "[(i, w) for i, w in enumerate(words)]": "list[tuple[int, str]]",
    "[w for (i, (w, j)) in enumerate(pairs)]": "list[str]",
    "[k for k, *rest in pairs]": "list[str | int]",
    "[i + j for i in ns for j in fs]": "list[float]",
    "[c for w in words for c in w]": "list[str]",
    "{k: v / 2 for k, v in d.items()}": "dict[str, float]",
    "{i for i in ns}": "set[int]",
    "sum(i * f for i in ns)": "int | float",
    "[n for n in words]": "list[str]",
    "[[n for n in words] + [n] for _ in ns]": "list[list[str | int]]",
    "[len for len in words]": "list[str]",
    "[len(i) for len in words for i in ns]": "list",
    "[a + b for a, b in x]": "list",
    # what may bind names, or is no glue
    "(n := 'a', n)": "Any",
    "lambda: n": "Any",
    "...": "Any",
    "b'a'": "bytes",
    "missing": "Any",
}


_BUILTINS = {name: getattr(builtins, name) for name in FUNCTIONS.split()} | HELPERS


def parsed(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


@pytest.mark.parametrize("source", INFERRED)
def test_inferred(source: str) -> None:
    assert show(infer(parsed(source), NAMES)) == INFERRED[source]


def test_what_is_unannotated_stays_so() -> None:
    for source in ("u", "u if b else n", "n or u", "max(u, n)"):
        assert infer(parsed(source), NAMES) == UNANNOTATED


def test_a_variable_hides_a_function() -> None:
    assert infer(parsed("len(s)"), {"len": UNKNOWN, "s": STR}) == UNKNOWN
    assert infer(parsed("unpack(s, 2)[0]"), {"unpack": UNKNOWN, "s": STR}) == UNKNOWN


def test_no_expression_is_too_large() -> None:
    deep: ast.expr = ast.Name("n", ast.Load())
    for _ in range(5_000):
        deep = ast.UnaryOp(ast.USub(), deep)
    assert infer(deep, NAMES) == UNKNOWN
    of: Type = INT
    for _ in range(60):
        of = infer(parsed("(t, t)"), {"t": of})
    assert len(show(of)) < 10_000
    every = merge([BOOL, INT, FLOAT, COMPLEX, STR, NONE, List(INT), TupleOf(INT), Set(INT)])
    assert infer(parsed("t + t"), {"t": every}) == UNKNOWN
    assert infer(parsed(str(list(range(10_000)))), {}) == List(INT)


# --- every operation over every kind of value ----------------------------------------------------

SAMPLES: list[tuple[object, Type]] = [
    *((None, NONE), (True, BOOL), (False, BOOL), (True, INT), (0, INT), (2, INT), (-1, INT)),
    *((2, FLOAT), (0.5, FLOAT), (-2.5, FLOAT), (True, FLOAT), (1j, COMPLEX), (-2, COMPLEX)),
    *((2, NAMES["opt"]), (None, NAMES["opt"]), ("a", NAMES["either"]), (3, Literal((3, "a")))),
    *(("", STR), ("a", STR), ("ab", STR), ("%s", STR), ("1", STR), ("a", Literal(("a", "b")))),
    *(([], List(INT)), ([2, -1], List(INT)), ([True, True], List(BOOL)), ([], List(FLOAT))),
    *(([2, 0.5], List(FLOAT)), (["a", "ab"], List(STR)), ([[1], []], List(List(INT)))),
    *(([("a", 1)], List(Tuple((STR, INT)))), ([{"a": 1}, 2], List(UNKNOWN))),
    *(((), Tuple(())), ((1, "a"), NAMES["pair"]), ((1, 0.5), TupleOf(FLOAT)), ((), TupleOf(INT))),
    *(({"a": 1}, Dict(STR, INT)), ({}, Dict(STR, INT)), ({1: "a", 2: None}, Dict(INT, UNKNOWN))),
    *((Counter("ab"), NAMES["counts"]), ({"count": 1, "more": []}, ROW), ({}, ROW)),
    *(({1, 2}, Set(INT)), (frozenset("a"), FrozenSet(STR)), (range(3), Value("range"))),
    *((Point(1, "a"), POINT), (Setting(0, ["a"]), SETTING), ([1], NAMES["seq"]), ("a", UNKNOWN)),
]
OPERATIONS = [
    *(f"a {op} b" for op in ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^")),
    *(f"a {op} b" for op in ("<", "<=", ">", ">=", "==", "!=", "and", "or", "in", "is")),
    *("-a", "+a", "~a", "not a", "a not in b", "a < b < a", "a if b else 1.5", "a ** 2", "a ** -1"),
    *("a[b]", "a[b:]", "a[:b]", "a[0]", "a[-1]", "a[1]", "a[1:]", "a[:-1]", "a[::2]", "a['count']"),
    *("[a, b]", "[*a, b]", "(a, b)", "(*a, b)", "{a: b}", "{**a, 'k': b}", "{a, b}", "f'{a}'"),
    *("[i for i in a]", "[i for i, j in a]", "[j for i, *j in a]", "{i: b for i in a}"),
    *("{j for i, j in a}", "[j for i in a for j in i]", "sum(i * b for i in a)", "a.x", "a.rate"),
    *("max(a, default=b)", "sum(a, start=b)", "round(a, ndigits=b)", "dict(a, k=b)", "dict(k=a)"),
    *("list(zip(a, b, strict=True))", "list(enumerate(a, start=b))", "dict(zip(a, b))"),
    *("sorted(a, reverse=b)", "unpack(a, 2)[1]", "unpack(a, 2)", "a.get('count', b)", "a.real"),
    *("a.get('more')", "a.get('count')", "max(a, b, a)", "a.imag", "a.numerator", "a.names"),
    *(f"{name}()" for name in FUNCTIONS.split()),
    *(f"{name}(a)" for name in FUNCTIONS.split()),
    *(f"{name}(a, b)" for name in FUNCTIONS.split()),
    *(f"a.{name}()" for name in sorted(METHODS)),
    *(f"a.{name}(b)" for name in sorted(METHODS)),
]


@pytest.mark.parametrize("source", OPERATIONS)
def test_every_operation_over_every_kind_of_value(source: str) -> None:
    expression = parsed(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(ast.Expression(expression), "<operation>", "eval")
        of_b = SAMPLES if "b" in code.co_names else SAMPLES[:1]
        for (a, type_of_a), (b, type_of_b) in itertools.product(SAMPLES, of_b):
            try:
                value = eval(code, {"__builtins__": _BUILTINS, "a": a, "b": b})
            except Exception:
                continue
            inferred = infer(expression, {"a": type_of_a, "b": type_of_b})
            given = f"a = {a!r}: {show(type_of_a)} and b = {b!r}: {show(type_of_b)}"
            assert holds(value, inferred), f"over {given} is {value!r}, not {show(inferred)}"


# --- random expressions --------------------------------------------------------------------------

_ATOMS = {
    "number": "n0 n1 n2 n0 n1 n2 (0) (1) (2) (-1) (3) (1.5) (-0.0) True False i",
    "text": "s0 s1 s0 s1 'a' 'ab' 'x,y' '%s' '{}' '' i",
    "list": "l0 l1 l0 l1 [] [1,2.5,True] ['a'] i",
    "tuple": "t0 t1 t0 t1 () (1,'a',2.5) i",
    "dict": "d0 d1 d0 d1 {} {'a':1} row i",
    "any": "x0 x1 None i j point setting {1,2} set",
}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "n": st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.5, -2.5])),
    "s": st.sampled_from(["", "a", "ab", "A1", "x,y", "%d-%s", " b "]),
    "l": st.one_of(*(st.lists(one, max_size=3) for one in (st.integers(-3, 3), values()))),
    "t": st.lists(values(), max_size=3).map(tuple),
    "d": st.dictionaries(st.sampled_from(["a", "count", 1]), values(), max_size=3),
    "x": values(),
    "i": st.integers(0, 3),
    "j": values(),
    "row": ROWS,
    "point": POINTS,
    "setting": SETTINGS,
    "set": st.sets(st.integers(-3, 3), max_size=3),
}
_NAME = re.compile(r"\b(?:[nsltdx][0-2]|i|j|row|point|setting|set)\b")
_RULES = {
    "number": [
        *("(number + number)", "(number - number)", "(number * number)", "(number / number)"),
        *("(number // number)", "(number % number)", "(number & number)", "(number ^ number)"),
        *("(atom ** atom)", "(atom ** atom)", "(atom << atom)", "(atom >> atom)", "(-atom ** 2)"),
        *("(-number)", "(+number)", "(~number)", "(not any)", "abs(number)", "round(number)"),
        *("round(number, number)", "round(number, None)", "round(number, ndigits=number)"),
        *("divmod(number, number)[0]", "int(number)", "int(text)", "float(number)", "bool(any)"),
        *("(number < number)", "(number == any)", "(number <= number < number)", "(any in list)"),
        *("(list < list)", "(tuple == tuple)", "(any is None)", "(text < text)", "(dict == dict)"),
        *("len(list)", "len(text)", "sum(list)", "sum(list, number)", "sum(list, start=number)"),
        *("max(list)", "min(number, number)", "max(list, default=any)", "sum(dict.values())"),
        *("sum(i * number for i in list)", "any(list)", "all(i > number for i in list)"),
        *("list[0]", "list[number]", "tuple[0]", "tuple[-1]", "dict['a']", "row['count']"),
        *("text.find(text)", "text.count(text)", "list.count(any)", "list.index(any)"),
        *("number.real", "number.imag", "number.bit_length()", "number.is_integer()", "point.x"),
        *("text.startswith(text)", "text.isdigit()", "setting.rate", "unpack(tuple, 2)[1]"),
        *("(number if any else number)", "(any or number)", "(number and number)"),
        *("dict.get('a', number)", "range(atom)[0]", "len(range(atom))"),
    ],
    "text": [
        *("(text + text)", "(text * number)", "(number * text)", "(text % any)", "(text % tuple)"),
        *("text[0]", "text[1:]", "text[number:number]", "text.upper()", "text.replace(text, text)"),
        *("text.format(any)", "text.join(list)", "text.join(text.split(text))", "text.zfill(atom)"),
        *("text.center(atom, 'a')", "text.partition(text)[0]", "text.split(',')[0]", "str(any)"),
        *("repr(any)", "format(number, '>3')", "f'{n0}a{x0!r:>3}'", "max(text)", "point.label"),
        *("(text if number else text)", "(text or text)", "row.get('text', text)", "max(dict)"),
    ],
    "list": [
        *("[any, any]", "[number, number]", "[*list, any]", "[*tuple, *text]", "(list + list)"),
        *(
            "(list * number)",
            "list[1:]",
            "list[::2]",
            "list.copy()",
            "sorted(list)",
            "sorted(dict)",
        ),
        *("list(any)", "list(tuple)", "list(dict)", "list(dict.items())", "list(range(atom))"),
        *("list(zip(list, tuple))", "list(zip(list, text, strict=True))", "list(enumerate(list))"),
        *("list(enumerate(text, number))", "list(reversed(list))", "text.split(text)"),
        *(
            "[number for i in list]",
            "[any for i in list if any]",
            "[(i, j) for i, j in atom_pairs]",
        ),
        *("[any for i in atom for j in atom]", "[[any, i] for i, *j in atom_pairs]"),
        *("sorted(list, reverse=True)", "list(dict.values())", "sum(list, list)", "unpack(any, 2)"),
        *("[j for j in [i for i in list]]", "(list or list)", "setting.names", "text.splitlines()"),
        *("list({any for i in list})", "list(dict.keys())", "[any for n0 in list]"),
    ],
    "tuple": [
        *("(any, any)", "(number, text, list)", "(*tuple, any)", "(*list, any)", "(tuple + tuple)"),
        *(
            "(tuple * number)",
            "tuple[1:]",
            "tuple[number:]",
            "tuple[:-1]",
            "tuple[::2]",
            "tuple(list)",
        ),
        *("tuple(tuple)", "tuple(text)", "divmod(number, number)", "text.partition(text)"),
        *("(tuple if any else tuple)", "(tuple or tuple)", "tuple(dict)", "tuple(point)"),
    ],
    "dict": [
        *("{'a': any, text: number}", "{**dict, 'a': any}", "(dict | dict)", "dict(dict, a=any)"),
        *("{any: any}", "{i: any for i in list}", "{i: j for i, j in dict.items()}", "dict.copy()"),
        *("dict(zip(list, list))", "dict(list)", "dict(a=any, b=any)", "dict([(text, any)])"),
        *("{j: number for i, j in atom_pairs}", "(dict or dict)", "dict(dict.items())"),
    ],
    "any": [
        *(
            "dict.get(text)",
            "dict.get('a')",
            "row.get('count')",
            "row['text']",
            "list[0]",
            "point[0]",
        ),
        *("(any if any else any)", "(any and any)", "(any or any)", "min(list, default=None)"),
        *("{any, number}", "(set | {number})", "(set & set)", "(set - set)", "zip(list, any)"),
        *("enumerate(any)", "reversed(any)", "range(atom)", "dict.items()", "dict.keys()"),
        *(
            "list[0][0]",
            "any[0]",
            "any[1:]",
            "any['a']",
            "(any + any)",
            "(any * any)",
            "(any == any)",
        ),
        *("max(any)", "sum(any)", "abs(any)", "round(any)", "sorted(any)", "dict.values()"),
    ],
}
"""What makes expressions of a kind of others; `any` may be of each, and a few do not fit anyway."""

_PAIRS = ["d0.items()", "zip({0}, {1})", "enumerate({0})", "[({0}, {1})]", "[[1, 'a']]"]
_HOLE = re.compile(r"(?<!')\b(number|text|list|tuple|dict|any|atom_pairs|atom)\b(?![('])")


@functools.cache
def expressions(kind: str, depth: int) -> st.SearchStrategy[str]:
    """Return the texts of expressions that are likely of `kind`; what loops over them is small."""
    if kind == "atom_pairs":
        atoms = st.tuples(st.sampled_from(_PAIRS), expressions("list", 0), expressions("text", 0))
        return atoms.map(lambda chosen: chosen[0].format(*chosen[1:]))
    if kind == "atom":
        return st.one_of(expressions("number", 0), expressions("list", 0))
    if depth == 0:
        return st.sampled_from(_ATOMS[kind].split())
    others = [other for other in _ATOMS if other != kind] if kind == "any" else []
    return st.one_of(
        expressions(kind, 0),
        *(_filled(rule, depth - 1) for rule in _RULES[kind]),
        *(expressions(other, depth) for other in others),
    )


def _filled(rule: str, depth: int) -> st.SearchStrategy[str]:
    texts, holes = _HOLE.split(rule)[::2], _HOLE.split(rule)[1::2]
    parts = [
        expressions(hole, 0)
        if "atom" in hole
        else st.one_of(expressions(hole, depth), expressions("any", 0))
        for hole in holes
    ]
    return st.tuples(*parts).map(
        lambda chosen: "".join(map("".join, itertools.zip_longest(texts, chosen, fillvalue="")))
    )


_depths = st.sampled_from([1, 1, 2, 2, 3])


def evaluated(source: str, names: dict[str, Any]) -> object:
    """Return the value of `source`, which may raise anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(source, {"__builtins__": _BUILTINS, **names})


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_value_is_of_the_inferred_type(data: st.DataObject) -> None:
    source = data.draw(expressions(data.draw(st.sampled_from([*_ATOMS])), data.draw(_depths)))
    found = sorted(set(_NAME.findall(source)))
    names = {name: data.draw(_VALUES[name if name in _VALUES else name[0]]) for name in found}
    types = {name: data.draw(types_of(value)) for name, value in names.items()}
    inferred = infer(parsed(source), types)
    try:
        value = evaluated(source, names)
    except Exception:
        return
    shown = {name: f"{names[name]!r}: {show(of)}" for name, of in types.items()}
    assert holds(value, inferred), f"{source} over {shown} is {value!r}, not {show(inferred)}"


@settings(max_examples=100, deadline=None)
@given(constants())
def test_the_type_of_a_constant_is_that_of_its_display(value: object) -> None:
    assert holds(value, type_of_value(value))
    assert infer(parsed(repr(value)), {}) == type_of_value(value)
