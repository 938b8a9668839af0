"""Expressions by chance: all of `random_values`, and collections, comprehensions and maps."""

import string

from conformance.random_scalars import Scalars
from conformance.random_values import Names, Option, parts_of

ELEMENTS = ("int", "str", "float", "tuple[int, str]", "list[int]")
MAPPED = ("int", "str", "list[int]")


class Expressions(Scalars):
    """Writes expressions of every type."""

    def own(self, kind: str, depth: int) -> list[Option]:
        """Return the ways to write a value that only the type `kind` has."""
        base = kind.partition("[")[0]
        found = {
            "int": self.ints,
            "float": self.floats,
            "str": self.texts,
            "bool": self.tests,
            "list": self._lists,
            "dict": self._dicts,
            "tuple": self._tuples,
        }.get(base)
        return found(kind, depth) if found else []

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
