"""Expressions by chance, of a wanted type, over the names of the moment."""

import string
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from conformance.random_steps import FAILING, FIELDS, LOGGED, Step

T = TypeVar("T")
Draw = Callable[[int, int], int]
"""Returns a number between the two given ones, both included."""
Names = dict[str, str]
"""The type of each variable that can be read."""
Option = Callable[[], str]

PLAIN = ("int", "str", "bool", "float")
LITERALS = {
    "int": ("1", "0", "2", "3", "-1", "7", "1180591620717411303424", "9007199254740993"),
    "str": (
        *("'a'", "''", "'b c'", "'é'", "'{{x}}'", "'{% raw %}'", "'$(HOME)'", "'{{=1+1}}'"),
        *("'12'", "'a\\r\\n'", "' '", "'\\U0001f600'", "'\"'", "'\\\\'", "'$$'", "'x.sh'"),
    ),
    "bool": ("True", "False"),
    "float": ("1.0", "0.5", "-0.0", "2.0", "1e16", "0.1"),
}
SPECS = {
    "int": ("03d", ">4", "x", ",", ""),
    "str": (">6", "^5", ".2", ""),
    "bool": (">6", ""),
    "float": (".3f", "e", ">8", "g", ""),
}
_TESTS = {
    "int": "({} > 2)",
    "str": "({} != 'a')",
    "bool": "{}",
    "list[int]": "(len({}) > 1)",
    "list[str]": "bool({})",
}
ELEMENTS = ("int", "str", "float", "tuple[int, str]", "list[int]")
MAPPED = ("int", "str", "list[int]")


def parts_of(kind: str) -> list[str]:
    """Return the types that the type `kind` is made of: `list[int]` is made of `int`."""
    inner = kind[kind.find("[") + 1 : -1] if kind.endswith("]") else ""
    parts, depth = [""], 0
    for character in inner:
        depth += (character == "[") - (character == "]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part]


class Expressions:
    """Writes expressions; what it may use is in `features`, and grows with them."""

    def __init__(self, draw: Draw, features: frozenset[str], steps: dict[str, Step]) -> None:
        """Choose by `draw`; `steps` are the functions that may be called."""
        self.draw = draw
        self.features = features
        self.steps = steps
        self.names: Names = {}
        self.may_step = True
        self.may_map = True

    # --- choices ---------------------------------------------------------------------------------

    def chance(self, percent: int, feature: str = "") -> bool:
        """Return True in `percent` of all cases, where `feature` is on; shrinks to False."""
        if feature and feature not in self.features:
            return False
        return self.draw(0, 99) >= 100 - percent

    def choice(self, options: Sequence[T]) -> T:
        """Return one of `options`; shrinks to the first."""
        return options[self.draw(0, len(options) - 1)]

    @contextmanager
    def without(self, *, steps: bool = True, maps: bool = True) -> Iterator[None]:
        """Write no step inside, or no map."""
        before = self.may_step, self.may_map
        self.may_step &= not steps
        self.may_map &= not maps
        try:
            yield
        finally:
            self.may_step, self.may_map = before

    @contextmanager
    def binding(self, names: Names) -> Iterator[None]:
        """Read `names` too inside."""
        before = self.names
        self.names = {**before, **names}
        try:
            yield
        finally:
            self.names = before

    def lazily(self, kind: str, depth: int) -> str:
        """Write an expression that Python may not evaluate."""
        with self.without(steps="lazy" not in self.features, maps=not self.chance(2)):
            return self.expression(kind, depth)

    def names_of(self, test: Callable[[str], bool]) -> list[str]:
        """Return the variables whose type passes `test`, the latest first."""
        return [name for name, kind in reversed(self.names.items()) if test(kind)]

    # --- expressions -----------------------------------------------------------------------------

    def expression(self, kind: str, depth: int = 2) -> str:
        """Write an expression of the type `kind`, at most about `depth` levels deep."""
        options: list[Option] = [lambda: self.literal(kind)]
        names = self.names_of(lambda found: found == kind)
        options += [lambda: self.choice(names)] * (3 if names else 0)
        if depth == 0 and kind == "bool":
            options += [self._simple_test] * (3 if self.names_of(_TESTS.__contains__) else 0)
        if depth > 0:
            steps = [s for s in self.steps.values() if s.returns == kind and self.may_call(s)]
            options += [lambda: self.call(self.choice(steps), depth - 1)] * (4 if steps else 0)
            options += self._parts(kind, depth - 1)
            options += self._own(kind, depth - 1)
            if self.chance(15):
                options = [lambda: self._conditional(kind, depth - 1), lambda: self._either(kind)]
        return self.choice(options)()

    def _simple_test(self) -> str:
        name = self.choice(self.names_of(_TESTS.__contains__))
        return _TESTS[self.names[name]].format(name)

    def may_call(self, step: Step) -> bool:
        """Whether `step` may stand here for its result."""
        failing = step.name in FAILING and "fail" not in self.features
        logged = step.name in LOGGED and "effect" not in self.features
        return self.may_step and bool(step.returns) and not failing and not logged

    def call(self, step: Step, depth: int) -> str:
        """Write a call of `step`, its arguments by position or by name."""
        arguments, named = [], False
        for parameter in step.parameters:
            if parameter.has_default and not self.chance(40):
                named = True
                continue
            value = self.expression(parameter.type, depth)
            if parameter.passed == "position":
                if named:  # an earlier one was left out
                    break
                arguments.append(value)
                continue
            named = named or parameter.passed == "keyword" or self.chance(25)
            arguments.append(f"{parameter.name}={value}" if named else value)
        return f"{step.name}({', '.join(arguments)})"

    def literal(self, kind: str) -> str:
        """Write a constant of the type `kind`, or what comes closest to one."""
        if kind in LITERALS:
            return self.choice(LITERALS[kind][: None if "odd" in self.features else 4])
        parts = parts_of(kind)
        match kind.partition("[")[0]:
            case "list":
                least = 0 if self.chance(35, "empty") else 1
                count = self.draw(least, 3) if least else 0
                return "[" + ", ".join(self.literal(parts[0]) for _ in range(count)) + "]"
            case "dict":
                keys = ["'a'", "'é'", "'{{k}}'"][
                    : self.draw(0 if "empty" in self.features else 1, 3)
                ]
                return "{" + ", ".join(f"{key}: {self.literal(parts[1])}" for key in keys) + "}"
            case "tuple":
                return "(" + ", ".join(map(self.literal, parts)) + ")"
        if kind == "int | None":
            return self.choice(("None", "4"))
        makers = {"Stats": "stats([1])", "Point": "point(1)"}
        return makers[kind]

    def _conditional(self, kind: str, depth: int) -> str:
        test = self.condition(depth)
        return f"({self.lazily(kind, depth)} if {test} else {self.lazily(kind, depth)})"

    def _either(self, kind: str) -> str:
        operator = self.choice(("or", "and"))
        return f"({self.expression(kind, 1)} {operator} {self.lazily(kind, 1)})"

    def condition(self, depth: int) -> str:
        """Write what Python takes for true or false: a test, or a value of any type."""
        kinds = ("int", "str", "list[int]", "dict[str, int]", "int | None", "float")
        return self.expression(self.choice(kinds) if self.chance(20) else "bool", depth)

    def _parts(self, kind: str, depth: int) -> list[Option]:
        """Return ways to read a value of the type `kind` out of a variable."""
        options: list[Option] = []
        lists = self.names_of(lambda found: found == f"list[{kind}]")
        if lists:
            options.append(lambda: self._element(self.choice(lists), kind, depth))
        tables = self.names_of(lambda found: found == f"dict[str, {kind}]")
        if tables:
            options.append(lambda: self._entry(self.choice(tables), kind, depth))
        for name, found in self.names.items():
            if found.startswith("tuple["):
                places = [i for i, part in enumerate(parts_of(found)) if part == kind]
                options += [lambda n=name, i=i: f"{n}[{i}]" for i in places]  # type: ignore[misc]
            for field, of in FIELDS.get(found, {}).items():
                if of == kind:
                    options.append(lambda n=name, f=field: f"{n}.{f}")  # type: ignore[misc]
        if kind == "int":
            unsure = self.names_of(lambda found: found == "int | None")
            if unsure:
                name = self.choice(unsure)
                options.append(lambda: f"({name} if {name} is not None else {self.literal('int')})")
                options.append(lambda: f"({name} or {self.lazily('int', 0)})")
        return options

    def _element(self, name: str, kind: str, depth: int) -> str:
        if self.chance(30, "fail"):
            index = self.choice(("1", "2")) if self.chance(50) else self.expression("int", depth)
            return f"{name}[{index}]"
        return f"({name}[{self.choice(('0', '-1'))}] if {name} else {self.lazily(kind, 0)})"

    def _entry(self, name: str, kind: str, depth: int) -> str:
        key = self.expression("str", depth) if self.chance(50) else "'a'"
        if self.chance(30, "fail"):
            return f"{name}[{key}]"
        return f"{name}.get({key}, {self.expression(kind, 0)})"

    # --- what each type has of its own -----------------------------------------------------------

    def _own(self, kind: str, depth: int) -> list[Option]:
        base = kind.partition("[")[0]
        found = {
            "int": self._ints,
            "float": self._floats,
            "str": self._texts,
            "bool": self._tests,
            "list": self._lists,
            "dict": self._dicts,
            "tuple": self._tuples,
        }.get(base)
        return found(kind, depth) if found else []

    def _ints(self, _: str, depth: int) -> list[Option]:
        def number() -> str:
            return self.expression("int", depth)

        def operation() -> str:
            left, operator = number(), self.choice(("+", "-", "*", "//", "%"))
            right = number()
            if operator in "//%" and not self.chance(30, "fail"):
                return f"({left} {operator} (abs({right}) + 1))"
            return f"({left} {operator} {right})"

        def of_list() -> str:
            values = self.expression("list[int]", depth)
            if self.chance(30, "fail"):
                return f"{self.choice(('max', 'min'))}({values})"
            forms = ("sum({})", "len({})", "max({}, default=0)", "max([0, *{}])", "{}.count(1)")
            return self.choice(forms).format(values)

        def length() -> str:
            return f"len({self.expression(self.choice(('str', 'list[str]')), depth)})"

        def other() -> str:
            return self.choice(
                (
                    f"abs({number()})",
                    f"(-{number()})",
                    f"int({self.expression('bool', depth)})",
                    f"round({self.expression('float', depth)} % 100)",
                    f"{self.expression('str', depth)}.count('a')",
                    f"divmod({number()}, 7)[1]",
                )
            )

        return [operation, of_list, length, other]

    def _floats(self, _: str, depth: int) -> list[Option]:
        def operation() -> str:
            left, right = self.expression("float", depth), self.expression("float", depth)
            return f"({left} {self.choice(('+', '-', '*'))} {right})"

        def division() -> str:
            right = self.expression("int", depth)
            right = right if self.chance(30, "fail") else f"(abs({right}) + 1)"
            return f"({self.expression('int', depth)} / {right})"

        def other() -> str:
            value = self.expression("float", depth)
            return self.choice((f"round({value}, 2)", f"abs({value})", f"(-{value})"))

        return [operation, division, other] if "float" in self.features else []

    def _texts(self, _: str, depth: int) -> list[Option]:
        def text() -> str:
            return self.expression("str", depth)

        def formatted() -> str:
            kind = self.choice(PLAIN)
            value = self.expression(kind, depth)
            if "'" in value or '"' in value or "\\" in value or "{" in value:
                # Python 3.11 has no way to write these inside of an f-string.
                return f"str({value})"
            end = self.choice(("", "!r", "!s", "!a"))
            spec = self.choice(SPECS[kind]) if not end else self.choice(("", ">9"))
            if kind == "int" and not end and self.chance(20):
                spec = (
                    "{" + self.choice(("3", *self.names_of(lambda found: found == "int"))) + " % 9}"
                )
            left = self.choice(("", "{{", "$(", "é "))
            return f"f'{left}{{({value}){end}{':' if spec else ''}{spec}}} {{{{x}}}}'"

        def method() -> str:
            end = (
                "upper()",
                "strip()",
                "title()",
                "replace('a', 'é')",
                "zfill(3)",
                "split('b')[0]",
            )
            return f"{text()}.{self.choice(end)}"

        def joined() -> str:
            return f"{self.literal('str')}.join({self.expression('list[str]', depth)})"

        def other() -> str:
            return self.choice(
                (
                    f"({text()} + {text()})",
                    f"str({self.expression('int', depth)})",
                    f"repr({text()})",
                    f"{text()}[{self.choice(('1:', ':2', '::-1', '-2:'))}]",
                    f"format({self.expression('int', depth)}, '04d')",
                )
            )

        return [formatted, method, joined, other]

    def _tests(self, _: str, depth: int) -> list[Option]:
        def comparison() -> str:
            kind = self.choice(("int", "str", "float"))
            operator = self.choice(("==", "!=", "<", ">", "<=", ">="))
            return f"({self.expression(kind, depth)} {operator} {self.expression(kind, depth)})"

        def chain() -> str:
            with self.without(steps=not self.chance(3)):
                last = self.expression("int", depth)
            return f"(0 < {self.expression('int', depth)} <= {last})"

        def logic() -> str:
            operator = self.choice(("and", "or"))
            return f"({self.expression('bool', depth)} {operator} {self.lazily('bool', depth)})"

        def negation() -> str:
            return f"(not {self.expression('bool', depth)})"

        def membership() -> str:
            kind = self.choice(("int", "str"))
            operator = self.choice(("in", "not in"))
            values = self.expression(f"list[{kind}]", depth)
            return f"({self.expression(kind, depth)} {operator} {values})"

        def other() -> str:
            unsure = self.names_of(lambda found: found == "int | None")
            if unsure:
                return f"({self.choice(unsure)} {self.choice(('is None', 'is not None'))})"
            kind = self.choice(("list[int]", "dict[str, int]", "tuple[int, str]", "list[str]"))
            values = self.expression(kind, depth)
            if self.chance(40):
                return f"({values} {self.choice(('==', '!='))} {self.expression(kind, depth)})"
            return f"{self.choice(('any', 'all', 'bool'))}({values})"

        return [comparison, logic, negation, membership, other, chain]

    # --- collections -----------------------------------------------------------------------------

    def _lists(self, kind: str, depth: int) -> list[Option]:
        (element,) = parts_of(kind)

        def display() -> str:
            return (
                "["
                + ", ".join(self.expression(element, depth) for _ in range(self.draw(1, 2)))
                + "]"
            )

        def slice_() -> str:
            return (
                f"{self.expression(kind, depth)}[{self.choice(('1:', ':2', '::-1', '-1:', ':'))}]"
            )

        def both() -> str:
            left, right = self.expression(kind, depth), self.expression(kind, depth)
            if self.chance(40, "star"):
                return f"[*{left}, *{right}]"
            return f"({left} + {right})"

        options: list[Option] = [display, slice_, both]
        if element in ("int", "str"):
            reverse = self.choice(("", ", reverse=True"))
            options.append(lambda: f"sorted({self.expression(kind, depth)}{reverse})")
        if kind == "list[int]":
            options.append(lambda: f"list({self._range(depth)})")
        if kind == "list[str]":
            options.append(lambda: f"{self.expression('str', depth)}.split()")
            keyed = self.names_of(lambda found: found.startswith("dict["))
            if keyed:
                options.append(lambda: f"list({self.choice(keyed)}{self.choice(('', '.keys()'))})")
        tables = self.names_of(lambda found: found == f"dict[str, {element}]")
        if tables:
            options.append(lambda: f"list({self.choice(tables)}.values())")
        if "comprehension" in self.features:
            options.append(lambda: self.comprehension(element, depth))
        if "map" in self.features and self.may_map and self.may_step:
            options += [lambda: self.mapped(element, depth)] * 3
        return options

    def _dicts(self, kind: str, depth: int) -> list[Option]:
        _, value = parts_of(kind)
        options: list[Option] = [
            lambda: (
                f"{{'a': {self.expression(value, depth)}, {self.expression('str', depth)}: "
                f"{self.expression(value, depth)}}}"
            )
        ]
        if "comprehension" in self.features:
            options.append(lambda: self.comprehension(value, depth, "{str(%s): %s "))
        if "dict-map" in self.features and self.may_map and self.may_step:
            options.append(lambda: self.mapped(value, depth, "{str(%s): %s "))
        return options

    def _tuples(self, kind: str, depth: int) -> list[Option]:
        def display() -> str:
            return "(" + ", ".join(self.expression(part, depth) for part in parts_of(kind)) + ")"

        return [display]

    def _range(self, depth: int) -> str:
        stop = f"{self.expression('int', depth)} % 4"
        if self.chance(15):
            return f"range({stop}, -1, -1)"
        return f"range({self.choice(('', '1, ', '-1, '))}{stop})"

    def iterable(self, depth: int, shadow: bool = True) -> tuple[str, str, Names]:
        """Write what a loop runs over; return it, the target, and the variables that this binds.

        Where they may not `shadow` other variables, they are new.
        """
        pairs = (("x", "y"), ("i", "k"), ("item", "value"), ("u", "w"))
        new = [pair for pair in pairs if shadow or not self.names.keys() & pair]
        a, b = self.choice(new[:3])
        kind = self.choice(MAPPED)
        options = ["list"] * 3 + ["range", "enumerate", "zip", "pairs", "keys", "items", "text"]
        match self.choice(options):
            case "range":
                return self._range(depth), a, {a: "int"}
            case "enumerate":
                if self.chance(25):
                    values = self.expression("list[tuple[int, str]]", depth)
                    return (
                        f"enumerate({values})",
                        f"{a}, ({b}, q)",
                        {a: "int", b: "int", "q": "str"},
                    )
                values = self.expression(f"list[{kind}]", depth)
                start = self.choice(("", ", 1"))
                return f"enumerate({values}{start})", f"{a}, {b}", {a: "int", b: kind}
            case "zip":
                other = self.choice(MAPPED)
                lists = [self.expression(f"list[{k}]", depth) for k in (kind, other)]
                return f"zip({', '.join(lists)})", f"{a}, {b}", {a: kind, b: other}
            case "pairs":
                values = self.expression("list[tuple[int, str]]", depth)
                if self.chance(50):
                    return values, f"({a}, {b})", {a: "int", b: "str"}
                return values, a, {a: "tuple[int, str]"}
            case "keys":
                return self.expression("dict[str, int]", depth), a, {a: "str"}
            case "text":
                return f"{self.expression('str', depth)}[:3]", a, {a: "str"}
            case "items":
                name = self.expression("dict[str, int]", 0)
                return f"{name}.items()", f"{a}, {b}", {a: "str", b: "int"}
        return self.expression(f"list[{kind}]", depth), a, {a: kind}

    def comprehension(self, element: str, depth: int, form: str = "") -> str:
        """Write a comprehension without steps, except in what it runs over."""
        over, target, names = self.iterable(depth)
        with self.binding(names), self.without():
            return self._clauses(over, target, names, self.expression(element, depth), form)

    def mapped(self, element: str, depth: int, form: str = "") -> str:
        """Write a comprehension that calls a step for each item."""
        with self.without(steps=self.chance(50), maps="nested" not in self.features):
            over, target, names = self.iterable(depth)
        with self.binding(names), self.without(steps=False, maps="nested" not in self.features):
            steps = [s for s in self.steps.values() if s.returns == element and self.may_call(s)]
            inner = (
                self.call(self.choice(steps), depth) if steps else self.expression(element, depth)
            )
            if self.chance(30):
                with self.binding({}):
                    inner = self._around(inner, element)
            return self._clauses(over, target, names, inner, form)

    def _around(self, inner: str, kind: str) -> str:
        around = {"int": "(%s + 1)", "str": "(%s + '?')", "list[int]": "%s[:2]", "bool": "(not %s)"}
        return around.get(kind, "%s") % inner

    def _clauses(self, over: str, target: str, names: Names, element: str, form: str) -> str:
        clauses = f"for {target} in {over}"
        if self.chance(20, "nested"):
            other = self.choice(string.ascii_lowercase[15:18])
            with self.without():
                clauses += f" for {other} in {self.expression('list[int]', 0)}"
        if self.chance(25):
            with self.without(steps=not self.chance(3)):
                clauses += f" if {self.expression('bool', 1)}"
        if form:
            key = next(iter(names))
            return form % (key, element) + clauses + "}"
        return f"[{element} {clauses}]"
