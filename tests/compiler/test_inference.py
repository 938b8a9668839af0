"""The inferred types of glue expressions, against the values that Python gives for them."""

import ast
import warnings
from collections.abc import Sequence
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
from headrace.runtime.glue import FUNCTIONS, HELPERS
from static_types import POINT, ROW, SETTING, constants, holds, types_of, values

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


# --- random expressions --------------------------------------------------------------------------

_CONSTANTS = [
    *("0", "1", "2", "-1", "3", "1.5", "-0.0", "True", "False", "None"),
    *("'a'", "'ab'", "'x,y'", "'%s'", "'{}'", "''", "[]", "()", "{}"),
]
_VARIABLES = ["v0", "v1", "v2", "v3", "v4", "v5", "i", "j"]
_atoms = st.sampled_from([*_CONSTANTS, *_VARIABLES, *_VARIABLES, *_VARIABLES])
_METHODS = [
    *("upper", "strip", "replace", "split", "splitlines", "join", "format", "partition", "zfill"),
    *("startswith", "isdigit", "title", "center", "find", "count", "index", "removeprefix"),
    *("get", "keys", "values", "items", "copy", "is_integer", "bit_length"),
]
_BINARY = ["+", "-", "*", "/", "//", "%", "&", "|", "^"]
_COMPARISONS = ["<", "<=", "==", "!=", "in", "not in", "is", "is not"]
_TARGETS = st.sampled_from(["i", "j", "i, j", "(i, j)", "i, *j", "_, (i, j)"])
_ITERABLES = [
    *("{0}", "zip({0},{1})", "enumerate({0})", "reversed({0})"),
    *("{0}.items()", "{0}.values()", "sorted({0})", "range({0})"),
]


def _filled(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda chosen: template.format(*chosen))


def _comprehensions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # Only of what is small: what grows in one could be looped over in the next.
    iterables = st.tuples(st.sampled_from(_ITERABLES), _atoms, _atoms).map(
        lambda chosen: chosen[0].format(*chosen[1:])
    )
    loops = st.one_of(
        _filled("for {} in {}", _TARGETS, iterables),
        _filled("for {} in {} if {}", _TARGETS, iterables, inner),
        _filled("for {} in {} for {} in {}", _TARGETS, iterables, _TARGETS, iterables),
    )
    return st.one_of(
        _filled("[{} {}]", inner, loops),
        _filled("{{{} {}}}", inner, loops),
        _filled("{{{}: {} {}}}", inner, inner, loops),
        _filled("sum({} {})", inner, loops),
        _filled("max(({} {}), default={})", inner, loops, inner),
    )


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    functions = st.sampled_from([f for f in FUNCTIONS.split() if f != "range"])
    methods = st.sampled_from(_METHODS)
    templates = ["round({},ndigits={})", "sum({},start={})", "enumerate({},start={})"]
    templates += [
        "dict({},a={})",
        "dict(a={},b={})",
        "zip({},{},strict=True)",
        "max({},default={})",
    ]
    templates += ["sorted({},reverse={})", "list(zip({},{}))", "dict(zip({},{}))", "list({}or{})"]
    return st.one_of(
        _filled("{}({})", functions, inner),
        _filled("{}({}, {})", functions, inner, inner),
        _filled("{}()", functions),
        _filled("{}.{}()", inner, methods),
        _filled("{}.{}({})", inner, methods, inner),
        _filled("{}.{}({}, {})", inner, methods, inner, inner),
        *(_filled(template, inner, inner) for template in templates),
        _filled("range({})", _atoms),
        _filled("unpack({}, 2)[0]", inner),
        _filled("unpack({}, 2)", inner),
    )


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    comparisons = st.sampled_from(_COMPARISONS)
    logic = st.sampled_from(["and", "or"])
    attributes = st.sampled_from(["real", "imag", "x", "label", "rate", "names", "numerator"])
    return st.one_of(
        _filled("({} {} {})", inner, st.sampled_from(_BINARY), inner),
        _filled("({} {} {})", _atoms, st.sampled_from(["**", "<<", ">>"]), _atoms),
        _filled("({}{})", st.sampled_from(["-", "+", "~", "not "]), inner),
        _filled("({} {} {})", inner, comparisons, inner),
        _filled("({} {} {} {} {})", inner, comparisons, inner, comparisons, inner),
        _filled("({} {} {})", inner, logic, inner),
        _filled("({} if {} else {})", inner, inner, inner),
        _filled("{}[{}]", inner, _atoms),
        _filled("{}[{}:{}]", inner, _atoms, _atoms),
        _filled("{}[{}:]", inner, _atoms),
        _filled("{}[::2]", inner),
        _filled("{}.{}", inner, attributes),
        _filled("[{}, {}]", inner, inner),
        _filled("[*{}, {}]", inner, inner),
        _filled("({}, {})", inner, inner),
        _filled("(*{}, {})", inner, inner),
        _filled("{{{}: {}}}", inner, inner),
        _filled("{{**{}, {}: {}}}", inner, inner, inner),
        _filled("{{{}, {}}}", inner, inner),
        _filled("f'{{{}}}a{{{}!r:>3}}'", _atoms, st.sampled_from(_VARIABLES)),
        _calls(inner),
        _comprehensions(inner),
    )


_expressions = _larger(st.recursive(_atoms, _larger, max_leaves=6))
_BUILTINS = {name: getattr(__import__("builtins"), name) for name in FUNCTIONS.split()} | HELPERS


def evaluated(source: str, names: dict[str, Any]) -> object:
    """Return the value of `source`, which may raise anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(source, {"__builtins__": _BUILTINS, **names})


@settings(max_examples=300, deadline=None)
@given(st.lists(values(), min_size=6, max_size=6), st.data())
def test_every_value_is_of_the_inferred_type(given: Sequence[object], data: st.DataObject) -> None:
    source = data.draw(_expressions)
    names = {f"v{i}": value for i, value in enumerate(given) if f"v{i}" in source}
    types = {name: data.draw(types_of(value)) for name, value in names.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expression = parsed(source)
        except SyntaxError:
            return
    inferred = infer(expression, types)
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
