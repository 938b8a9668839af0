"""The types that annotations say, in all their spellings."""

import ast
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headrace.compiler.diagnostics import Sink
from headrace.compiler.frontend.annotations import (
    AnnotationReader,
    read_annotation,
    signature_types,
)
from headrace.compiler.frontend.declarations import read_class
from headrace.compiler.frontend.project import Project
from headrace.compiler.frontend.types import (
    STR,
    UNANNOTATED,
    UNKNOWN,
    Artifact,
    Enum,
    Record,
    Type,
    Value,
    can_steer,
    fits,
    is_artifact,
    is_parameter,
    show,
)

MODULE = """
from __future__ import annotations
import collections, collections.abc as cabc, dataclasses as dc, datetime as dt, enum, numbers, os
import typing, typing as t, typing_extensions as te, uuid
from builtins import int as integer
from collections import Counter, OrderedDict, deque, namedtuple
from dataclasses import KW_ONLY, InitVar, dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from functools import partial
from pathlib import Path as P
from typing import Annotated, ClassVar, Final, NamedTuple, NewType, Optional, TypedDict, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from lib import Thing, base

if typing.TYPE_CHECKING:
    import polars as pl
    from shapes import Hidden, Square as Shape
try:
    from typing import Literal
except ImportError:
    from typing_extensions import Literal
if sys.version_info >= (3, 13):
    from warnings import Either
else:
    from typing_extensions import Either
    Neither = int

Alias = list[int]
Explicit: t.TypeAlias = "dict[str, Alias]"
Opt = Optional
Json = t.Union[None, bool, int, str, list["Json"], dict[str, "Json"]]
Left = list["Right"]
Right = list[Left]
Self_ = Self_
Many = Many2 = int
number = 3
number = 4
UserId = NewType("UserId", int)
T = TypeVar("T")
N = TypeVar("N", bound=float)
C = TypeVar("C", int, str)
Pair = tuple[T, N]
dataclass_frozen = dataclass(frozen=True)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"
    def shout(self): return self.value.upper()

class Level(IntEnum):
    LOW = auto()
    HIGH = auto()

class Kind(StrEnum):
    A = auto()

class Mixed(Enum):
    ONE = 1
    TWO: str = "two"
    _secret_ = 3.0
    also = enum.nonmember(None)

class Texts(str, enum.Enum):
    A = 1

class Odd(Enum):
    A = 1
    def __init__(self, x): self._value_ = str(x)

class Base(Enum):
    pass

class Derived(Base):
    A = 1

Functional = Enum("Functional", "A, B")


@dataclass
class Config:
    lr: float
    names: list[str] = field(default_factory=list)
    epochs: "Optional[int]" = 3
    best: float = field(init=False)
    seed: int = field()
    shared: ClassVar[int] = 1
    other_shared: "t.ClassVar[int]" = 1
    once: InitVar[int] = 0
    _: KW_ONLY
    mode: Mode = None
    child: Config | None = None

    class Mode(Enum):
        FAST = 1

    @property
    def total(self): return 1
    def __post_init__(self, once): self.later = once

@dc.dataclass(frozen=True)
class Wider(Config):
    lr: int
    extra: str = ""

class Undecorated(Wider):
    note: str

@dataclass_frozen
class Aliased:
    x: int

@partial(dataclass, frozen=True)
class Partial:
    x: int

@dataclass
@thing
class Decorated:
    x: int

@dataclass
class Dynamic:
    x: int
    def __getattr__(self, name): return name

@dataclass
class Open(Thing):
    x: int

@dataclass
class Holder(t.Generic[T]):
    item: T
    number: N
    path: P


class Point(NamedTuple):
    x: int
    y: float = 0.0
    def norm(self): return self.x

class Labelled(Point):
    label = "a"

Old = namedtuple("Old", "a b", defaults=(1,))
Typed = NamedTuple("Typed", [("x", int), ("y", "str")])

class Limits(TypedDict):
    low: int
    name: te.NotRequired[str]
    both: Annotated[te.NotRequired[int], "doc"]

class Loose(Limits, total=False):
    extra: bool
    needed: te.Required[str]

FunctionalDict = TypedDict("FunctionalDict", {"a-b": int, "c": "te.Required[str]"}, total=False)


class Plain: pass
class Child(Plain): pass
class Net(torch.nn.Module): pass
class Text(str): pass
class Loop(Loop2): pass
class Loop2(Loop): pass
class Proto(t.Protocol):
    x: int
class Unresolved(base()): pass
class Leaf(Config):
    pass
class Outer:
    class Inner:
        pass

def function(): pass
"""

SHAPES = """
import typing
if typing.TYPE_CHECKING:
    from main import Alias as Back
    from main import Circular
from dataclasses import dataclass
@dataclass
class Square:
    side: float
Hidden = Back
Circular2 = Circular
"""


def project(folder: Path, source: str = MODULE, **others: str) -> Project:
    files = {"main": source, "shapes": SHAPES, **others}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    made = Project(folder / "main.py", Sink())
    assert made.main is not None
    return made


@pytest.fixture(scope="module")
def main(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project(tmp_path_factory.mktemp("annotations"))


def read(main: Project, annotation: str) -> Type:
    assert main.main is not None
    return read_annotation(main, main.main, ast.parse(annotation, mode="eval").body)


SHOWN = {
    # builtins, however they are called
    "bool": "bool",
    "integer": "int",
    "None": "None",
    "complex": "complex",
    "object": "Any",
    "list": "list",
    "list[int]": "list[int]",
    "t.List[str]": "list[str]",
    "typing.Dict[str, float]": "dict[str, float]",
    "dict": "dict",
    "t.Dict": "dict",
    "set[int]": "set[int]",
    "t.FrozenSet[str]": "frozenset[str]",
    "tuple": "tuple",
    "t.Tuple": "tuple",
    "tuple[()]": "tuple[()]",
    "tuple[int, str]": "tuple[int, str]",
    "t.Tuple[int, ...]": "tuple[int, ...]",
    "tuple[int, *tuple[str, ...]]": "tuple",
    "tuple[int, te.Unpack[tuple[str, ...]]]": "tuple",
    "list[list[list[int]]]": "list[list[list[int]]]",
    # unions
    "Optional[int]": "int | None",
    "Opt[int]": "int | None",
    "t.Union[int, str, None]": "int | str | None",
    "int | str | None": "int | str | None",
    "None | int": "int | None",
    "t.Union[int, t.Any]": "Any",
    # literals
    "Literal['a', 'b']": "Literal['a', 'b']",
    "t.Literal[1, True, -2, None]": "Literal[1, True, -2] | None",
    "Literal[b'a']": "bytes",
    "Literal[Colour.RED]": "Colour",
    "Literal[Literal['a'], 'b']": "Literal['a', 'b']",
    # strings
    "'int'": "int",
    "list['int | None']": "list[int | None]",
    "'list[\"int\"]'": "list[int]",
    "' int '": "int",
    "'1 +'": "Any",
    "'\\0'": "Any",
    "'1 is 2'": "Any",
    # what stands around a type
    "Annotated[int, 'Optional', Thing]": "int",
    "Final[int]": "int",
    "Final": "Any",
    "ClassVar[str]": "str",
    "te.Required[int]": "int",
    "InitVar[int]": "int",
    "te.LiteralString": "str",
    "te.TypeIs[int]": "bool",
    # abstract collections
    "t.Sequence[int]": "Sequence[int]",
    "cabc.Mapping[str, int]": "Mapping[str, int]",
    "collections.abc.Iterable": "Iterable",
    "t.AbstractSet[int]": "Set[int]",
    "cabc.Generator[int, None, None]": "Generator[int]",
    "cabc.ItemsView[str, int]": "ItemsView[tuple[str, int]]",
    "cabc.Hashable": "Any",
    # values of libraries
    "dt.date": "date",
    "Decimal": "Decimal",
    "uuid.UUID": "UUID",
    "Counter[str]": "Counter[str]",
    "t.OrderedDict[str, int]": "OrderedDict[str, int]",
    "deque[int]": "deque[int]",
    "range": "range",
    "np.float64": "float64",
    # artifacts
    "P": "Path",
    "bytes": "bytes",
    "np.ndarray": "ndarray",
    "npt.NDArray[np.float64]": "ndarray",
    "pd.DataFrame": "DataFrame",
    "pl.DataFrame": "DataFrame",
    "Thing": "Thing",
    "cabc.Callable[[int], str]": "Callable",
    "t.Callable[..., int]": "Callable",
    "ValueError": "ValueError",
    "type[int]": "type",
    "os.PathLike[str]": "PathLike",
    "Plain": "Plain",
    "Outer.Inner": "Outer.Inner",
    # aliases and new types
    "Alias": "list[int]",
    "Explicit": "dict[str, list[int]]",
    "Json": "bool | int | str | list | dict[str, Any] | None",
    "Left": "list[list]",
    "Right": "list[list]",
    "Self_": "Any",
    "UserId": "int",
    "Pair[int, str]": "tuple[Any, Any]",
    "T": "Any",
    "N": "Any",
    "C": "int | str",
    "t.AnyStr": "str | bytes",
    # names that are bound in more than one way
    "Shape": "Square",
    "Hidden": "list[int]",
    "Either": "Any",
    "Neither": "int",
    "Many": "Any",
    "number": "Any",
    # what is no type
    "Missing": "Any",
    "missing.Thing": "Any",
    "function": "Any",
    "any": "Any",
    "print": "Any",
    "t.Any": "Any",
    "t.Self": "Any",
    "numbers.Number": "Any",
    "Enum": "Any",
    "np": "Any",
    "3": "Any",
    "[int]": "Any",
    "(int, str)": "Any",
    "int + str": "Any",
    "int[str]": "int",
    "lambda: int": "Any",
    "Colour.RED": "Any",
    "Proto": "Any",
    "Unresolved": "Any",
    "Loop": "Any",
}


@pytest.mark.parametrize("annotation", SHOWN)
def test_annotations(main: Project, annotation: str) -> None:
    assert show(read(main, annotation)) == SHOWN[annotation]


def test_without_annotation_and_any_are_told_apart(main: Project) -> None:
    assert main.main is not None
    assert read_annotation(main, main.main, None) == UNANNOTATED
    assert not can_steer(read_annotation(main, main.main, None))
    assert can_steer(read(main, "t.Any"))


# --- classes of the project ----------------------------------------------------------------------


def fields(of: Type) -> str:
    assert isinstance(of, Record)
    shown = (f"{f.name}: {show(f.type)}{' = ...' * f.has_default}" for f in of.fields)
    return f"{of.kind} {of.name}({', '.join(shown)})"


CONFIG = (
    "names: list[str] = ..., epochs: int | None = ..., best: float = ..., seed: int, "
    "mode: Config.Mode = ..., child: Any = ..."
)
RECORDS = {
    "Config": f"dataclass main:Config(lr: float, {CONFIG})",
    "Wider": f"dataclass main:Wider(lr: int, {CONFIG}, extra: str = ...)",
    "Undecorated": f"dataclass main:Undecorated(lr: int, {CONFIG}, extra: str = ...)",
    "Aliased": "dataclass main:Aliased(x: int)",
    "Partial": "dataclass main:Partial(x: int)",
    "Decorated": "dataclass main:Decorated(x: int)",
    "Shape": "dataclass shapes:Square(side: float)",
    "Holder[int]": "dataclass main:Holder(item: Any, number: Any, path: Path)",
    "Point": "namedtuple main:Point(x: int, y: float = ...)",
    "Labelled": "namedtuple main:Labelled(x: int, y: float = ...)",
    "Old": "namedtuple main:Old(a: Any, b: Any = ...)",
    "Typed": "namedtuple main:Typed(x: int, y: str)",
    "Limits": "typeddict main:Limits(low: int, name: str = ..., both: int = ...)",
    "Loose": "typeddict main:Loose(low: int, name: str = ..., both: int = ..., extra: bool = ..., "
    "needed: str)",
    "FunctionalDict": "typeddict main:FunctionalDict(a-b: int = ..., c: str)",
}


@pytest.mark.parametrize("name", RECORDS)
def test_records(main: Project, name: str) -> None:
    assert fields(read(main, name)) == RECORDS[name]


def test_what_instances_have_besides_fields(main: Project) -> None:
    config, wider = read(main, "Config"), read(main, "Wider")
    assert isinstance(config, Record)
    assert isinstance(wider, Record)
    assert {"total", "later", "shared"} <= {*config.others}
    assert {*config.others} <= {*wider.others}
    assert "missing" not in config.others
    opened = {name: getattr(read(main, name), "open", None) for name in RECORDS}
    assert {name for name, is_open in opened.items() if is_open} == {"Decorated"}
    assert all(getattr(read(main, name), "open", None) for name in ("Dynamic", "Open"))


@pytest.mark.parametrize(
    ("name", "members", "value", "base"),
    [
        ("Colour", "RED BLUE", "str", None),
        ("Level", "LOW HIGH", "int", "int"),
        ("Kind", "A", "str", "str"),
        ("Mixed", "ONE TWO", "int | str", None),
        ("Texts", "A", "str", "str"),
        ("Odd", "A", "Any", None),
        ("Derived", "A", "Any", "Base"),
        ("Functional", "A B", "int", None),
    ],
)
def test_enums(main: Project, name: str, members: str, value: str, base: str | None) -> None:
    found = read(main, name)
    assert isinstance(found, Enum)
    assert found.name == f"main:{name}"
    assert (" ".join(found.members), show(found.value)) == (members, value)
    assert [show(one) for one in found.bases] == ([base] if base else [])


@pytest.mark.parametrize(
    ("given", "wanted", "answer"),
    [
        ("Child", "Plain", True),
        ("Plain", "Outer", False),
        ("Undecorated", "Config", True),
        ("Aliased", "Config", False),
        ("Leaf", "Wider", False),
        ("Net", "torch.nn.Module", True),
        ("Net", "P", False),
        ("Text", "str", True),
        ("Text", "int", False),
        ("Thing", "int", True),
        ("P", "str", False),
        ("P", "os.PathLike[str]", True),
        ("bytearray", "bytes", True),
        ("pd.DataFrame", "np.ndarray", False),
        ("Kind", "str", True),
        ("Colour", "str", False),
        ("Point", "tuple[int, float]", True),
        ("dict[str, int]", "Limits", True),
        ("dict[str, str]", "Limits", False),
        ("UserId", "int", True),
        ("Unresolved", "Plain", True),
    ],
)
def test_classes_fit(main: Project, given: str, wanted: str, answer: bool) -> None:
    assert fits(read(main, given), read(main, wanted)) is answer


def test_how_classes_travel(main: Project) -> None:
    for name in ("Wider", "Point", "Loose", "Colour", "Typed", "Counter[str]", "dt.datetime"):
        assert not is_artifact(read(main, name)), name
    assert is_parameter(read(main, "Loose"))
    assert is_parameter(read(main, "Point"))
    for name in ("Holder[int]", "Plain", "Text", "Net", "Thing"):
        assert is_artifact(read(main, name)), name


def test_the_origin_of_a_library_class_is_kept(main: Project) -> None:
    assert read(main, "np.float64") == Value("numpy.float64")
    assert read(main, "Thing") == Artifact("lib.Thing", (UNKNOWN,))
    pure = Artifact("pathlib.PurePath")
    assert read(main, "P") == Artifact("pathlib.Path", (pure,))
    assert read(main, "Text") == Artifact("main:Text", (STR,))


def test_star_imports(tmp_path: Path) -> None:
    made = project(tmp_path, "from typing import *\nfrom shapes import *\n")
    assert show(read(made, "Optional[Square]")) == "Square | None"
    assert show(read(made, "Mapping[str, int]")) == "Mapping[str, int]"


# --- signatures ----------------------------------------------------------------------------------


def signature(tmp_path: Path, source: str) -> str:
    made = project(tmp_path, f"{MODULE}\n{source}")
    assert made.main is not None
    definition = made.resolve(made.main, "f")
    assert definition is not None
    parameters, returns = signature_types(made, definition)

    def shown(of: Type) -> str:
        return "-" if of == UNANNOTATED else show(of)

    listed = [f"{name}: {shown(of)}" for name, of in parameters.items()]
    return f"({', '.join(listed)}) -> {shown(returns)}"


@pytest.mark.parametrize(
    ("source", "types"),
    [
        ("def f(): pass", "() -> -"),
        ("def f(a, b=1, *, c='x'): pass", "(a: -, b: -, c: -) -> -"),
        (
            "def f(a: int, /, b: 'str' = '', *, c: P) -> Config: pass",
            "(a: int, b: str, c: Path) -> Config",
        ),
        (
            "def f(a: int, *rest: str, b: int, **more: Colour) -> None: pass",
            "(a: int, *rest: str, b: int, **more: Colour) -> None",
        ),
        ("def f(*rest, **more): pass", "(*rest: -, **more: -) -> -"),
        ("def f(a: int = None, *, b: str = None): pass", "(a: int | None, b: str | None) -> -"),
        ("def f(a=None): pass", "(a: -) -> -"),
        ("async def f(a: int) -> int: pass", "(a: int) -> int"),
        (
            "def f(a: T, b: N, c: C, d: list[N]) -> N: pass",
            "(a: Any, b: float, c: int | str, d: list[float]) -> Any",
        ),
        ("def f(a: Holder[N]) -> tuple[T, C]: pass", "(a: Holder) -> tuple[Any, int | str]"),
    ],
)
def test_signatures(tmp_path: Path, source: str, types: str) -> None:
    assert signature(tmp_path, source) == types


def test_only_functions_have_a_signature(main: Project) -> None:
    assert main.main is not None
    definition = main.resolve(main.main, "Config")
    assert definition is not None
    with pytest.raises(ValueError, match="Config is not a function"):
        signature_types(main, definition)


# --- type parameters and `type` statements, which the parser knows from Python 3.12 on -----------

NEW_SYNTAX = """
type X = list[int]
type Tree[T] = dict[str, Tree[T]] | T
type Either2[P: (int, str)] = P
@dataclass
class Crate[T, P: float]:
    item: T
    size: P
    path: "P"
def f[T, P: float](a: T, b: list[P], c: Tree[int], d: X) -> P: pass
"""
OLD_SYNTAX = """
X: type() = list[int]
Tree: type(T=None) = dict[str, Tree[T]] | T
Either2: type(P=(int, str)) = P
@dataclass
@parameters(T=None, P=float)
class Crate:
    item: T
    size: P
    path: "P"
@parameters(T=None, P=float)
def f(a: T, b: list[P], c: Tree[int], d: X) -> P: pass
"""
"""The same as `NEW_SYNTAX`, for an older parser; `lift` makes the nodes of the newer one of it."""


def lift(tree: ast.Module) -> None:
    alias: Any = type("TypeAlias", (ast.stmt,), {"_fields": ("name", "type_params", "value")})
    variable: Any = type("TypeVar", (ast.AST,), {"_fields": ("name", "bound")})

    def parameters(keywords: list[ast.keyword]) -> list[ast.AST]:
        bounds = {k.arg: None if isinstance(k.value, ast.Constant) else k.value for k in keywords}
        return [variable(name=name, bound=bound) for name, bound in bounds.items()]

    for number, node in enumerate(tree.body):
        match node:
            case ast.AnnAssign(target, ast.Call(ast.Name("type"), [], keywords), value):
                made = alias(name=target, type_params=parameters(keywords), value=value)
                tree.body[number] = ast.copy_location(made, node)
            case ast.ClassDef(decorator_list=[*_, ast.Call(ast.Name("parameters"), [], keywords)]):
                node.type_params = parameters(keywords)  # type: ignore[attr-defined]
                node.decorator_list.pop()
            case ast.FunctionDef(decorator_list=[ast.Call(_, [], keywords)]):
                node.type_params = parameters(keywords)  # type: ignore[attr-defined]
                node.decorator_list.pop()


def test_type_parameters(tmp_path: Path) -> None:
    is_new = sys.version_info >= (3, 12)
    made = project(tmp_path, f"{MODULE}\n{NEW_SYNTAX if is_new else OLD_SYNTAX}")
    assert made.main is not None
    if not is_new:
        lift(made.main.tree)
    assert fields(read(made, "Crate[int, float]")).endswith("(item: Any, size: Any, path: Any)")
    assert show(read(made, "X")) == "list[int]"
    assert show(read(made, "Either2[int]")) == "int | str"
    assert show(read(made, "list[Tree[int]]")) == "list"
    definition = made.resolve(made.main, "f")
    assert definition is not None
    parameters, returns = signature_types(made, definition)
    assert [show(of) for of in parameters.values()] == ["Any", "list[float]", "Any", "list[int]"]
    assert returns == UNKNOWN


# --- a second opinion ----------------------------------------------------------------------------

CHECKED = [
    *("None", "bool", "int", "float", "complex", "str", "bytes", "bytearray", "object", "Any"),
    *("Literal['a']", "Literal['a', 'b']", "Literal[1]", "Literal[True]", "Literal[Colour.RED]"),
    *("Colour", "Kind", "Level", "Plain", "Child", "Text", "Config", "Wider", "Point", "Limits"),
    *("Loose", "UserId", "Alias", "list[float]", "list[str]", "list[Any]", "list[int | str]"),
    *("dict[str, int]", "dict[str, float]", "dict", "set[int]", "frozenset[int]", "range"),
    *("tuple[int, int]", "tuple[int, float]", "tuple[int, ...]", "tuple[()]", "tuple"),
    *("Optional[int]", "int | str", "int | None | float", "list[int | None]", "Sequence[int]"),
    *("Sequence[float]", "Sequence[str]", "MutableSequence[int]", "Iterable[int]", "Iterable[str]"),
    *("Iterator[int]", "Collection[int]", "Sized", "Mapping[str, int]", "Mapping[str, object]"),
    *("MutableMapping[str, int]", "AbstractSet[int]", "KeysView[str]", "ItemsView[str, int]"),
    *("ValuesView[int]", "Iterable[tuple[str, int]]", "Reversible[int]", "Hashable", "dt.date"),
    *("dt.datetime", "dt.timedelta", "Decimal", "uuid.UUID", "P", "Counter[str]", "deque[int]"),
    *("OrderedDict[str, int]", "Callable[[], int]", "ValueError", "Exception"),
]
CHECKED_MODULE = """
import datetime as dt, enum, uuid
from collections import Counter, OrderedDict, deque
from collections.abc import *
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as P
from typing import AbstractSet, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict

class Colour(enum.Enum):
    RED = "red"
class Kind(enum.StrEnum):
    A = "a"
class Level(enum.IntEnum):
    LOW = 1
class Plain: pass
class Child(Plain): pass
class Text(str): pass
@dataclass
class Config:
    lr: float
@dataclass
class Wider(Config):
    extra: int
class Point(NamedTuple):
    x: int
    y: float
class Limits(TypedDict):
    low: int
    name: NotRequired[str]
class Loose(Limits, total=False):
    extra: bool
UserId = NewType("UserId", int)
Alias = list[int]
"""


def test_what_a_type_checker_accepts_fits(tmp_path: Path) -> None:
    pairs = list(itertools.product(CHECKED, CHECKED))
    lines = [f"def f(x: {given}) -> {wanted}: return x" for given, wanted in pairs]
    made = project(tmp_path, "\n".join([CHECKED_MODULE, *lines]), shapes="")
    options = ["--config-file=", "--cache-dir=.cache", "--hide-error-context", "--no-error-summary"]
    options += ["--allow-redefinition", "--disable-error-code=no-redef"]
    run = [sys.executable, "-m", "mypy", *options, "main.py"]
    out = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert out.returncode == 1, out.stderr
    found = {int(line.split(":")[1]) for line in out.stdout.splitlines() if ": error: " in line}
    first = CHECKED_MODULE.count("\n") + 2
    assert min(found) >= first, out.stdout
    accepted = [pair for line, pair in enumerate(pairs, first) if line not in found]
    assert len(accepted) > 500
    types = {annotation: read(made, annotation) for annotation in CHECKED}
    assert [pair for pair in accepted if not fits(types[pair[0]], types[pair[1]])] == []


# --- annotations that mean no good ---------------------------------------------------------------

HEADS = [
    *("int", "list", "dict", "tuple", "type", "Optional", "t.Union", "Literal", "Annotated"),
    *("Final", "ClassVar", "te.Required", "te.Unpack", "te.Concatenate", "InitVar", "TypedDict"),
    *("NamedTuple", "TypeVar", "t.Generic", "cabc.Mapping", "cabc.Callable", "Counter", "Config"),
    *("Colour", "Point", "Limits", "Alias", "Pair", "T", "P", "np.float64", "Missing", "function"),
]
ARGUMENTS = [
    *("()", "...", "1:2", "1.5", "-1", "-int", "None", "int, ...", "..., int", "*int", "'('", "''"),
    *("[int], str", "lambda: 0", "(int, str)[0]", "x.y.z()", "{}", "[]", "f'{x}'", "b''", "1j"),
    *(
        "int if x else str",
        "not int",
        "await_",
        "int, str, bytes, None",
        "Colour.RED, Colour.GREEN",
    ),
]


@pytest.mark.parametrize("head", HEADS)
def test_nothing_in_an_annotation_raises(main: Project, head: str) -> None:
    assert main.main is not None
    for argument in ARGUMENTS:
        said = f"{head}[{argument}]"
        for annotation in (said, f"{said} | {head}", f"list[{said}]", f"'{head}' | {said}"):
            assert read(main, annotation) is not None
        bases = ["object", said] + ([f"{head}('X', {argument})"] if ":" not in argument else [])
        for base in bases:
            source = f"@dataclass\nclass X({base}):\n    x: {said} = 1\n"
            node = ast.parse(source).body[0]
            assert isinstance(node, ast.ClassDef)
            assert read_class(AnnotationReader(main), main.main, "X", node) is not None


@pytest.mark.parametrize(
    "source",
    [
        "A0 = int\n" + "".join(f"A{i} = tuple[A{i - 1}, A{i - 1}]\n" for i in range(1, 60)),
        "A0 = int\n" + "".join(f"A{i} = list[A{i - 1}]\n" for i in range(1, 2_000)),
        "class A0: x: int\n"
        + "".join(f"class A{i}(A{i - 1}, B{i - 1}): pass\nB{i} = A{i}\n" for i in range(1, 60)),
        "A1 = A2\n" + "".join(f"A{i} = dict[A{i - 1}, A{i + 1}]\n" for i in range(2, 60)),
        "".join(
            f"@dataclass\nclass A{i}:\n" + "".join(f"    f{j}: A{j}\n" for j in range(60))
            for i in range(60)
        ),
        "A59 = 'list[' * 50 + 'int' + ']' * 50\n",
        f'A59 = "{"list[" * 90}int{"]" * 90}"\n',
        f'A59 = "{" | ".join(f"Literal[{i}]" for i in range(3_000))}"\n',
    ],
)
def test_no_source_makes_reading_take_long(tmp_path: Path, source: str) -> None:
    made = project(tmp_path, f"from dataclasses import dataclass\n{source}")
    names = [f"A{i}" for i in range(60)]
    found = [read(made, name) for name in names] + [read(made, f"tuple[{', '.join(names)}]")]
    assert all(len(show(of)) < 20_000 for of in found)
    assert read(made, "A59") == read(made, "A59")


def test_a_reading_does_not_depend_on_what_was_read_before(tmp_path: Path) -> None:
    source = """
from dataclasses import dataclass
@dataclass
class A:
    b: "B"
@dataclass
class B:
    a: A
    x: int
"""
    names = ["A", "B", "list[A]", "dict[A, B]"]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = project(tmp_path / "one", source), project(tmp_path / "two", source)
    forward = {name: read(one, name) for name in names}
    backward = {name: read(two, name) for name in reversed(names)}
    assert forward == backward
