"""The expressions of Argo, which are those of https://expr-lang.org: from text to a tree.

Only what manifests here use is read; other parts of the language are `Unsupported`.
"""

import functools
import re
from dataclasses import dataclass
from typing import TypeAlias

from models.errors import Unsupported


class ExpressionError(Exception):
    """The engine finds an expression wrong, or it fails when it is evaluated."""


@dataclass(frozen=True)
class Constant:
    """A literal."""

    value: str | int | float | bool | None


@dataclass(frozen=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Pointer:
    """`#`, the element that a predicate is asked about."""


@dataclass(frozen=True)
class Member:
    """`owner.key`, `owner?.key` or `owner[key]`."""

    owner: "Tree"
    key: "Tree"
    optional: bool = False


@dataclass(frozen=True)
class Slice:
    """`owner[low:high]`."""

    owner: "Tree"
    low: "Tree | None"
    high: "Tree | None"


@dataclass(frozen=True)
class Chain:
    """Member accesses of which one is optional: nil ends them all."""

    inner: "Tree"


@dataclass(frozen=True)
class Call:
    """A function, by its name with dots, and its arguments."""

    function: str
    arguments: "tuple[Tree, ...]"


@dataclass(frozen=True)
class Unary:
    """`!`, `not` or `-`."""

    operator: str
    operand: "Tree"


@dataclass(frozen=True)
class Binary:
    """An operator between two values."""

    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True)
class Conditional:
    """`test ? then : otherwise`."""

    test: "Tree"
    then: "Tree"
    otherwise: "Tree"


@dataclass(frozen=True)
class Array:
    """A list."""

    items: "tuple[Tree, ...]"


Tree: TypeAlias = (
    Constant | Name | Pointer | Member | Slice | Chain | Call | Unary | Binary | Conditional | Array
)

FUNCTIONS = frozenset(
    {"asFloat", "asInt", "float", "fromJSON", "int", "join", "jsonpath", "len", "map"}
    | {"sprig.fail", "string", "toJSON", "toJson", "type"}
)
"""The functions that the model has."""

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<symbol>\?\.|\?\?|==|!=|<=|>=|&&|\|\||\*\*|\.\.|[-+*/%<>!?:.,()\[\]{}\#|;])
    )""",
    re.VERBOSE,
)

_PRECEDENCE = {
    **dict.fromkeys(("or", "||"), 10),
    **dict.fromkeys(("and", "&&"), 15),
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">=", "in"), 20),
    **dict.fromkeys(("+", "-"), 30),
    **dict.fromkeys(("*", "/", "%"), 60),
    "??": 500,
}
"""Of binary operators, as parser/operator/operator.go of expr has them."""

_NOT_HERE = frozenset(
    {"contains", "endsWith", "let", "matches", "startsWith", "|", "**", "..", "{", ";"}
)
_WORDS = {"true": True, "false": False, "nil": None}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"', "`": "`"}


@functools.lru_cache(maxsize=10_000)
def parsed(text: str) -> Tree:
    """Return the tree of an expression.

    Raises:
        ExpressionError: the engine finds it wrong.
        Unsupported: it uses a part of the language that the model does not have.
    """
    parser = _Parser(_tokens(text))
    tree = parser.conditional()
    if parser.kind != "end":
        raise ExpressionError(f"unexpected token {parser.text!r}")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"unrecognized character at {text[position:][:10]!r}")
        kind = match.lastgroup or ""
        if match[kind] in _NOT_HERE:
            raise Unsupported(f"{match[kind]!r} in an expression")
        found.append((kind, match[kind]))
        position = match.end()
    return [*found, ("end", "")]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._position][0]

    @property
    def text(self) -> str:
        kind, text = self._tokens[self._position]
        return "" if kind == "string" else text

    def _take(self) -> tuple[str, str]:
        self._position += 1
        return self._tokens[self._position - 1]

    def _taken(self, text: str) -> bool:
        if self.text != text or self.kind == "end":
            return False
        self._take()
        return True

    def _expect(self, text: str) -> None:
        if not self._taken(text):
            raise ExpressionError(f"unexpected token {self.text!r}, {text!r} is wanted")

    def conditional(self) -> Tree:
        test = self._binary(0)
        if not self._taken("?"):
            return test
        then = self.conditional()
        self._expect(":")
        return Conditional(test, then, self.conditional())

    def _binary(self, least: int) -> Tree:
        left = self._unary()
        while True:
            operator = self.text
            negated = operator == "not"
            if negated:
                self._take()
                operator = self.text
            precedence = _PRECEDENCE.get(operator, -1)
            if precedence < least or self.kind == "end":
                return left
            self._take()
            left = Binary(operator, left, self._binary(precedence + 1))
            if negated:
                left = Unary("not", left)

    def _unary(self) -> Tree:
        if self.text in ("!", "not"):
            self._take()
            return Unary("not", self._binary(50))
        if self.text == "-":
            self._take()
            return Unary("-", self._binary(90))
        return self._postfix(self._primary())

    def _primary(self) -> Tree:
        kind, text = self._take()
        if kind == "string":
            return Constant(_unquoted(text))
        if kind == "number":
            return Constant(float(text) if set(text) & set(".eE") else int(text))
        if kind == "word":
            return Constant(_WORDS[text]) if text in _WORDS else Name(text)
        if text == "(":
            inner = self.conditional()
            self._expect(")")
            return inner
        if text == "[":
            return Array(self._list("]"))
        if text == "#":
            return Pointer()
        raise ExpressionError(f"unexpected token {text!r}")

    def _list(self, end: str) -> tuple[Tree, ...]:
        items: list[Tree] = []
        while not self._taken(end):
            if items:
                self._expect(",")
            items.append(self.conditional())
        return tuple(items)

    def _postfix(self, tree: Tree) -> Tree:
        chained = False
        while True:
            if self._taken("?."):
                tree, chained = Member(tree, self._key(), optional=True), True
            elif self._taken("."):
                tree = Member(tree, self._key())
            elif self._taken("["):
                tree = self._index(tree)
            elif self._taken("("):
                tree = self._call(tree)
            else:
                return Chain(tree) if chained else tree

    def _key(self) -> Constant:
        kind, text = self._take()
        if kind != "word":
            raise ExpressionError(f"expected name, got {text!r}")
        return Constant(text)

    def _index(self, owner: Tree) -> Tree:
        key = None if self.text == ":" else self.conditional()
        if key is not None and self._taken("]"):
            return Member(owner, key)
        self._expect(":")
        high = None if self.text == "]" else self.conditional()
        self._expect("]")
        return Slice(owner, key, high)

    def _call(self, function: Tree) -> Call:
        name, arguments = path(function), self._list(")")
        if name not in FUNCTIONS:
            raise Unsupported(f"the function {name!r} in an expression")
        return Call(name, arguments)


def path(tree: Tree) -> str | None:
    """Return the dotted name that a tree of plain members is; nothing for any other."""
    match tree:
        case Name(name):
            return name
        case Member(owner, Constant(str(key)), False):
            before = path(owner)
            return None if before is None else f"{before}.{key}"
    return None


def _unquoted(text: str) -> str:
    def unescaped(match: re.Match[str]) -> str:
        if match[1][0] in "ux":
            return chr(int(match[1][1:], 16))
        if match[1] not in _ESCAPES:
            raise ExpressionError(f"invalid char escape {match[0]!r}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)", unescaped, text[1:-1], flags=re.DOTALL)


# --- what an expression needs --------------------------------------------------------------------


@functools.lru_cache(maxsize=10_000)
def needed(text: str) -> tuple[str, ...]:
    """Return the names that must be there before an expression is evaluated at all.

    The engine waits for them, also for those of an arm that is not taken. A member that stands
    before `??`, or right before `?.`, is not among them; the first name of it is
    (getIdentifiers in util/template/expression_template.go).
    """
    tree = parsed(text)
    guarded: set[int] = set()
    _guard(tree, guarded)
    found: dict[str, None] = {}
    for node in _walk(tree):
        if isinstance(node, Name) or (isinstance(node, Member) and id(node) not in guarded):
            name = path(node)
            if name is not None:
                found[name] = None
    return tuple(found)


def _guard(tree: Tree, guarded: set[int]) -> None:
    for node in _walk(tree):
        match node:
            case Binary("??", left, _):
                guarded.update(id(each) for each in _walk(left) if isinstance(each, Member))
            case Member(Member() as owner, _, True):
                guarded.add(id(owner))


def _walk(tree: Tree) -> list[Tree]:
    """Return a tree and all below it."""
    return [tree, *(each for child in _children(tree) for each in _walk(child))]


def _children(tree: Tree) -> list[Tree]:
    match tree:
        case Member(owner, key, _):
            return [owner, key]
        case Slice(owner, low, high):
            return [each for each in (owner, low, high) if each is not None]
        case Chain(inner) | Unary(_, inner):
            return [inner]
        case Call(_, arguments):
            return list(arguments)
        case Binary(_, left, right):
            return [left, right]
        case Conditional(test, then, otherwise):
            return [test, then, otherwise]
        case Array(items):
            return list(items)
    return []
