"""Values by chance, of a wanted type, over the names of the moment; and the choices themselves."""

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

LITERALS = {
    "int": ("1", "0", "2", "3", "-1", "7", "1180591620717411303424", "9007199254740993"),
    "str": (
        *("'a'", "''", "'b c'", "'é'", "'{{x}}'", "'{% raw %}'", "'$(HOME)'", "'{{=1+1}}'"),
        *("'12'", "'a\\r\\n'", "' '", "'\\U0001f600'", "'\"'", "'\\\\'", "'$$'", "'x.sh'"),
    ),
    "bool": ("True", "False"),
    "float": ("1.0", "0.5", "-0.0", "2.0", "1e16", "0.1"),
}
_TESTS = {
    "int": "({} > 2)",
    "str": "({} != 'a')",
    "bool": "{}",
    "list[int]": "(len({}) > 1)",
    "list[str]": "bool({})",
}


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


class Values:
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
            options += self.own(kind, depth - 1)
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

    def own(self, kind: str, depth: int) -> list[Option]:
        """Return the ways to write a value that only the type `kind` has."""
        raise NotImplementedError
