"""Numbers, texts and tests by chance."""

from conformance.random_values import Option, Values

PLAIN = ("int", "str", "bool", "float")
SPECS = {
    "int": ("03d", ">4", "x", ",", ""),
    "str": (">6", "^5", ".2", ""),
    "bool": (">6", ""),
    "float": (".3f", "e", ">8", "g", ""),
}


class Scalars(Values):
    """Writes what is special to numbers, texts and truth values."""

    def ints(self, _: str, depth: int) -> list[Option]:
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
            form, kind = self.choice(
                (
                    ("abs({})", "int"),
                    ("(-{})", "int"),
                    ("int({})", "bool"),
                    ("round({} % 100)", "float"),
                    ("{}.count('a')", "str"),
                    ("divmod({}, 7)[1]", "int"),
                )
            )
            return form.format(self.expression(kind, depth))

        return [operation, of_list, length, other]

    def floats(self, _: str, depth: int) -> list[Option]:
        def operation() -> str:
            left, right = self.expression("float", depth), self.expression("float", depth)
            return f"({left} {self.choice(('+', '-', '*'))} {right})"

        def division() -> str:
            right = self.expression("int", depth)
            right = right if self.chance(30, "fail") else f"(abs({right}) + 1)"
            return f"({self.expression('int', depth)} / {right})"

        def other() -> str:
            form = self.choice(("round({}, 2)", "abs({})", "(-{})"))
            return form.format(self.expression("float", depth))

        return [operation, division, other] if "float" in self.features else []

    def texts(self, _: str, depth: int) -> list[Option]:
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
            form, kind = self.choice(
                (
                    ("str({})", "int"),
                    ("repr({})", "str"),
                    ("{}[1:]", "str"),
                    ("{}[::-1]", "str"),
                    ("{}[-2:]", "str"),
                    ("format({}, '04d')", "int"),
                )
            )
            return form.format(self.expression(kind, depth))

        def both() -> str:
            return f"({text()} + {text()})"

        return [formatted, method, joined, both, other]

    def tests(self, _: str, depth: int) -> list[Option]:
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
