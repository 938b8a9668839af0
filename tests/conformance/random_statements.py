"""Blocks of statements by chance: branches, loops, handlers, and the variables that they leave."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conformance.random_expressions import ELEMENTS, Expressions
from conformance.random_steps import EFFECTS, FAILING, Step, indented
from conformance.random_values import Names, parts_of

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")
ODD_NAMES = ("result", "it", "item", "value", "unpack", "source", "items", "condition", "out")
"""Names that the compiler gives to things of its own."""
KINDS = ("int", "str", "list[int]", "bool", "list[str]", "float", "dict[str, int]", "int | None")
MORE_KINDS = ("tuple[int, str]", "list[tuple[int, str]]", "list[list[int]]", "dict[str, list[int]]")
CAUGHT = ("ValueError", "Exception", "LookupError", "Refused", "ZeroDivisionError", "KeyError")


class Statements(Expressions):
    """Writes statements; `names` are the variables bound for sure."""

    nested = 0
    """How many branches, loops and handlers are around."""
    in_loop = 0
    _fixed: frozenset[str] = frozenset()
    """Variables that may not be bound: those from before a loop, and those that only it has."""
    left = 12
    """How many statements may still be more than assignments."""
    returns = ""
    """The type of what the function returns; empty for any."""

    # --- names -----------------------------------------------------------------------------------

    def target(self, kind: str) -> str:
        """Return a name to bind a value of the type `kind` to: a new one, or one bound before."""
        again = [
            name
            for name, found in self.names.items()
            if name not in self._fixed and (found == kind or not self.nested)
        ]
        if again and self.chance(25, "reassign"):
            return self.choice(again)
        odd: tuple[str, ...] = ODD_NAMES if "odd" in self.features else ()
        free = [n for n in (*NAMES, *odd) if n not in self.names and n not in self._fixed]
        if free:
            return self.choice(free[:3]) if self.chance(80) else self.choice(free)
        return f"v{len(self.names)}"

    def kind(self) -> str:
        """Return a type for a new variable."""
        kinds = [k for k in KINDS if k != "float" or "float" in self.features]
        if "records" in self.features:
            kinds += ["Stats", "Point"]
        return self.choice([*kinds, *MORE_KINDS])

    @contextmanager
    def block_of(self, *, loop: bool = False) -> Iterator[Names]:
        """Write a block in a copy of the names, which is given."""
        before, fixed = self.names, self._fixed
        self.names = dict(before)
        self.nested += 1
        self.in_loop += loop
        if loop and not self.chance(5):
            # A value that one turn leaves for the next makes it no map.
            self._fixed = fixed | before.keys()
        try:
            yield self.names
        finally:
            self.names, self._fixed = before, fixed
            self.nested -= 1
            self.in_loop -= loop

    def merge(self, arms: list[tuple[list[str], Names]]) -> None:
        """Keep the names that every arm binds to the same type, if it does not leave the block."""
        left = [names for lines, names in arms if not _leaves(lines)]
        if left:
            common = {n: k for n, k in left[0].items() if all(o.get(n) == k for o in left)}
            self.names.clear()
            self.names.update(common)

    # --- statements ------------------------------------------------------------------------------

    def statements(self, least: int, most: int) -> list[str]:
        """Write between `least` and `most` statements."""
        lines: list[str] = []
        for _ in range(self.draw(least, most)):
            lines += self.statement()
            if _leaves(lines):
                break
        return lines or ["pass"]

    def statement(self) -> list[str]:
        """Write one statement."""
        self.left -= 1
        if self.left < 0:
            return self.assignment()
        options: list[Callable[[], list[str]]] = [self.assignment] * 3 + [self.step] * 3
        for feature, write, weight in (
            ("effect", self.effect, 2),
            ("unpack", self.unpacking, 1),
            ("map", self.map, 2),
            ("fail", self.failing, 1),
        ):
            options += [write] * (weight if feature in self.features else 0)
        if self.nested < 2:
            for feature, write, weight in (
                ("branch", self.branch, 3),
                ("match", self.match, 2),
                ("for", self.loop, 3),
                ("try", self.handler, 3),
            ):
                options += [write] * (weight if feature in self.features else 0)
        if "assert" in self.features:
            options.append(self.assertion)
        if "sub" in self.features and "sub" in self.steps and self.may_step:
            options += [self.sub_pipeline] * 2
        return self.choice(options)()

    def assignment(self) -> list[str]:
        """Write `name = expression`."""
        kind = self.kind()
        value = self.expression(kind, 1 if self.nested else 2)
        name = self.target(kind)
        self.names[name] = kind
        annotated = f": {kind}" if self.chance(10) else ""
        lines = [f"{name}{annotated} = {value}"]
        if self.chance(8, "reassign"):
            other = self.target(kind)
            self.names[other] = kind
            lines = [f"{other} = {name} = {value}"]
        if self.chance(8, "fail"):
            return [*lines, self.expression(self.choice(("int", "str")), 2)]
        return lines

    def step(self) -> list[str]:
        """Write an assignment of what some step returns."""
        steps = [step for step in self.steps.values() if self.may_call(step)]
        if not steps:
            return self.assignment()
        return self._bound(self.choice(steps))

    def _bound(self, step: Step) -> list[str]:
        value = self.call(step, 1)
        name = self.target(step.returns)
        self.names[name] = step.returns
        return [f"{name} = {value}"]

    def map(self) -> list[str]:
        """Write an assignment of a map."""
        element = self.choice(ELEMENTS)
        if not self.may_map or not self.may_step:
            return self.assignment()
        value = self.mapped(element, 1)
        name = self.target(f"list[{element}]")
        self.names[name] = f"list[{element}]"
        return [f"{name} = {value}"]

    def effect(self) -> list[str]:
        """Write a call for its effect, or one whose result is thrown away."""
        if self.chance(15):
            return [self.call(self.steps["noted"], 1)]
        return [self.call(self.steps[self.choice(sorted(EFFECTS))], 1)]

    def failing(self) -> list[str]:
        """Write an assignment that may raise."""
        return self._bound(self.steps[self.choice(sorted(FAILING))])

    def sub_pipeline(self) -> list[str]:
        """Write a call of another pipeline."""
        return self._bound(self.steps["sub"])

    def unpacking(self) -> list[str]:
        """Write an assignment to several names."""
        swapped = self.names_of(lambda found: found == "int")[:2]
        if len(swapped) > 1 and not self._fixed & set(swapped) and self.chance(15):
            return [f"{', '.join(swapped)} = {', '.join(reversed(swapped))}"]
        if self.chance(30):
            kinds = [self.choice(("int", "str", "list[int]")) for _ in range(2)]
            value = ", ".join(self.expression(kind, 1) for kind in kinds)
        else:
            kind = self.choice(("tuple[int, str]", "tuple[int, float, bool]"))
            kinds = parts_of(kind)
            value = self.expression(kind, 2)
        names: list[str] = []
        for kind in kinds:
            name = self.target(kind)
            while name in names:
                name += "_"
            names.append(name)
        if any(name in self._fixed for name in names):
            return self.assignment()
        self.names.update(zip(names, kinds, strict=True))
        return [f"{', '.join(names)} = {value}"]

    # --- control flow ----------------------------------------------------------------------------

    def branch(self) -> list[str]:
        """Write `if`, with or without `elif` and `else`."""
        lines: list[str] = []
        arms = []
        keyword = "if"
        for _ in range(2 if self.chance(25) else 1):
            lines.append(f"{keyword} {self.condition(2)}:")
            arms.append(self._arm())
            lines += indented(arms[-1][0])
            keyword = "elif"
        if self.chance(60):
            arms.append(self._arm())
            lines += ["else:", *indented(arms[-1][0])]
        else:
            arms.append(([], dict(self.names)))
        self.merge(arms)
        return lines

    def _arm(self) -> tuple[list[str], Names]:
        with self.block_of() as names:
            lines = self.statements(1, 2)
            if not _leaves(lines):
                lines += self._leaving()
            return lines, names

    def _leaving(self) -> list[str]:
        """Write the end of an arm that leaves the function, or nothing."""
        if self.chance(15, "raise"):
            message = self.expression("str", 1)
            return [f"raise {self.choice(('ValueError', 'Refused', 'KeyError'))}({message})"]
        if not self.in_loop and self.chance(25, "return"):
            return [f"return {self.expression(self.returns or self.kind(), 1)}"]
        return []

    def match(self) -> list[str]:
        """Write `match` on constants."""
        kind = self.choice(("int", "str"))
        subject = self.expression(kind, 2)
        subject = f"{subject} % 4" if kind == "int" else subject
        patterns = {
            "int": ("0", "1", "2 | 3", "-1"),
            "str": ("'a'", "''", "'b c' | 'é'", "'{{x}}'"),
        }
        lines, arms = [f"match {subject}:"], []
        for pattern in patterns[kind][: self.draw(1, 3)]:
            arms.append(self._arm())
            lines += indented([f"case {pattern}:", *indented(arms[-1][0])])
        if self.chance(70):
            arms.append(self._arm())
            lines += indented(["case _:", *indented(arms[-1][0])])
        else:
            arms.append(([], dict(self.names)))
        self.merge(arms)
        return lines

    def loop(self) -> list[str]:
        """Write a `for` that appends to lists made just above, or is there for its effects."""
        outs = self._outs()
        with self.binding(dict.fromkeys(outs, "a list that is being made")):
            over, target, bound = self.iterable(1, shadow=False)
        lines = [f"{name} = []" for name in outs] + [f"for {target} in {over}:"]
        with self.block_of(loop=True) as names:
            self._fixed |= outs.keys() | bound.keys()
            names.update({**dict.fromkeys(outs, "a list that is being made"), **bound})
            body = self.statements(0, 2)
            body = [] if body == ["pass"] else body
            for name, kind in outs.items():
                body += self._append(name, kind)
            if "effect" in self.features and (not outs or self.chance(20)):
                body += self.effect()
        self.names.update({name: f"list[{kind}]" for name, kind in outs.items()})
        return [*lines, *indented(body or ["pass"])]

    def _outs(self) -> Names:
        outs: Names = {}
        for _ in range(self.choice((1, 1, 1, 2, 0))):
            kind = self.choice(("int", "str", "tuple[int, str]"))
            name = self.target(f"list[{kind}]")
            if name not in outs:
                outs[name] = kind
        return outs

    def _append(self, name: str, kind: str) -> list[str]:
        if self.chance(20, "nested"):
            inner = "z"
            over = f"{self.expression('list[int]', 1)}"
            with self.binding({inner: "int"}):
                value = self.expression(kind, 2)
            return [f"for {inner} in {over}:", *indented([f"{name}.append({value})"])]
        line = f"{name}.append({self.expression(kind, 2)})"
        if self.chance(20):
            return [f"if {self.expression('bool', 1)}:", *indented([line])]
        return [line]

    # --- failing and handling --------------------------------------------------------------------

    def assertion(self) -> list[str]:
        """Write `assert`."""
        test = self.condition(2)
        if "fail" not in self.features:
            test = f"{test} or True"
        return [f"assert {test}" + (f", {self.expression('str', 1)}" if self.chance(60) else "")]

    def handler(self) -> list[str]:
        """Write `try`, with handlers, or `finally`, or both."""
        arms = []
        with self.block_of() as names:
            body = self.statements(0, 2)
            body = [] if body == ["pass"] else body
            body += self.failing() if "fail" in self.features else self.assignment()
            lines = ["try:", *indented(body)]
            after = dict(names)
        finally_ = self.chance(35)
        for caught in self._caught(0 if finally_ else 1):
            arms.append(self._arm())
            lines += [f"except {caught}:", *indented(arms[-1][0])]
        if len(lines) > 1 and any(line.startswith("except") for line in lines) and self.chance(25):
            with self.block_of() as names:
                names.update(after)
                body = self.statements(1, 2)
                lines += ["else:", *indented(body)]
                after = dict(names)
        if finally_:
            with self.block_of():
                self._fixed |= after.keys() | {name for _, names in arms for name in names}
                lines += ["finally:", *indented(self._cleanup())]
        self.merge([(body, after), *arms])
        return lines

    def _caught(self, least: int) -> list[str]:
        first = self.draw(0, len(CAUGHT) - 1)
        caught = [CAUGHT[first]] if least or self.chance(60) else []
        if caught and self.chance(25):
            caught.append(CAUGHT[(first + 1) % len(CAUGHT)])
        if caught and self.chance(20):
            caught[0] = f"({caught[0]}, IndexError)"
        return caught

    def _cleanup(self) -> list[str]:
        return self.effect() if self.chance(70) else self.assignment()


def _leaves(lines: list[str]) -> bool:
    """Whether a block of these lines ends by leaving the function."""
    last = next((line for line in reversed(lines) if not line.startswith(" ")), "")
    return last.startswith(("return", "raise"))
