"""Classes of the project whose objects are plain values: enums, dataclasses and named tuples."""

import ast
from collections.abc import Mapping

from headrace.compiler import ir
from headrace.compiler.frontend import fold
from headrace.compiler.frontend.project import Definition, Module, Project
from headrace.runtime import wire

_ENUMS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum"})
_MAKERS = frozenset({"__init__", "__new__", "__post_init__", "__setattr__"})
"""Methods that make an object of something else than its fields."""


def class_key(definition: Definition) -> str:
    """Return the dotted name of the class `definition`, as the shim finds it."""
    assert definition.module is not None
    return f"{definition.module.name}.{definition.name}"


def is_record(project: Project, definition: Definition) -> bool:
    """Whether `definition` is a dataclass or a named tuple that is made of its fields alone."""
    node, module = definition.node, definition.module
    if not isinstance(node, ast.ClassDef) or module is None:
        return False
    if any(isinstance(s, ast.FunctionDef) and s.name in _MAKERS for s in node.body):
        return False
    origins = [_origin(project, module, base) for base in node.bases]
    if origins == ["typing.NamedTuple"]:
        return not node.decorator_list
    decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    is_dataclass = [_origin(project, module, d) for d in decorators] == ["dataclasses.dataclass"]
    return is_dataclass and not node.keywords and not node.bases


def enum_member(project: Project, module: Module, node: ast.expr) -> ir.Const | None:
    """Return the member of an enum of the project that `node` names, if it does that."""
    if not isinstance(node, ast.Attribute):
        return None
    definition = _resolved(project, module, node.value)
    found = members(project, definition) if definition else {}
    if definition is None or node.attr not in found:
        return None
    return ir.Const(
        text=wire.reference_text(member_fields(definition, node.attr, found[node.attr]))
    )


def members(project: Project, definition: Definition) -> Mapping[str, object]:
    """Return the members of the enum `definition` whose values are known, by name.

    There are none if it is no enum of the standard library's kinds.
    """
    node, module = definition.node, definition.module
    if not isinstance(node, ast.ClassDef) or module is None:
        return {}
    origins = [_origin(project, module, base) for base in node.bases]
    if not origins or origins[-1] not in _ENUMS:
        return {}
    return _members(node, origins[-1] == "enum.StrEnum")


def member_fields(definition: Definition, name: str, value: object) -> dict[str, object]:
    """Return what is written for the member called `name` of the enum `definition`."""
    assert definition.module is not None
    return {
        wire.TAG: "enum",
        "class": f"{definition.module.name}:{definition.name}",
        "name": name,
        "value": value,
    }


def default_of(project: Project, definition: Definition, name: str) -> ir.Const | None:
    """Return the default of the field called `name` of a record, if it is a constant."""
    assert isinstance(definition.node, ast.ClassDef)
    assert definition.module is not None
    node = fields_of(definition.node).get(name)
    return constant(project, definition.module, node) if node is not None else None


def constant(project: Project, module: Module, node: ast.expr) -> ir.Const | None:
    """Return the constant that `node` is, members of enums and records included.

    The expression is read, never evaluated.
    """
    member = enum_member(project, module, node)
    if member is not None:
        return member
    if isinstance(node, ast.Call):
        return _record(project, module, node)
    if isinstance(node, ast.Name):
        return _named(project, module, node)
    try:
        value = fold.constant_of(node)
    except fold.NotConstant:
        return None
    return ir.Const(text=wire.encode(value))


def _named(project: Project, module: Module, node: ast.Name) -> ir.Const | None:
    """Return the constant of a module that `node` names, if nothing can change it."""
    definition = project.resolve(module, node.id)
    if definition is None or definition.kind != "constant":
        return None
    if not isinstance(definition.node, ast.expr):
        return None
    try:
        value = fold.constant_of(definition.node)
    except fold.NotConstant:
        return None
    return ir.Const(text=wire.encode(value)) if fold.is_immutable(value) else None


def _record(project: Project, module: Module, node: ast.Call) -> ir.Const | None:
    definition = _resolved(project, module, node.func)
    if definition is None or definition.module is None or not is_record(project, definition):
        return None
    assert isinstance(definition.node, ast.ClassDef)
    fields = fields_of(definition.node)
    given = dict(zip(fields, node.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg in fields}
    if len(given) != len(node.args) + len(node.keywords):
        return None
    of: dict[str, str] = {}
    for name, default in fields.items():
        at = module if name in given else definition.module
        value = given.get(name, default)
        found = constant(project, at, value) if value is not None else None
        if found is None:
            return None
        of[name] = found.text
    is_tuple = any(ast.unparse(base).endswith("NamedTuple") for base in definition.node.bases)
    inner = ", ".join(f"{wire.encode(name)}: {text}" for name, text in of.items())
    kind, key = ("namedtuple" if is_tuple else "dataclass"), class_key(definition)
    owner, _, name = key.rpartition(".")
    head = f'"{wire.TAG}": "{kind}", "class": {wire.encode(f"{owner}:{name}")}'
    return ir.Const(text=f'{{{head}, "of": {{{inner}}}}}')


def fields_of(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """Return the fields of a record, in order, with the default that each has if it is known."""
    return {
        statement.target.id: _default(statement.value)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and "ClassVar" not in ast.unparse(statement.annotation)
    }


def _default(node: ast.expr | None) -> ast.expr | None:
    """Return the default of a field, where `field(...)` makes an empty list or dict too."""
    match node:
        case ast.Call(func=ast.Name(id="field"), args=[], keywords=[only]):
            if only.arg == "default":
                return only.value
            if only.arg == "default_factory" and isinstance(only.value, ast.Name):
                empty = {"list": ast.List([], ast.Load()), "dict": ast.Dict([], [])}
                return empty.get(only.value.id)
            return None
    return node


def misfit(definition: Definition, call: ast.Call) -> str:
    """Return what is wrong with the arguments of `call`, which makes a record, if anything."""
    assert isinstance(definition.node, ast.ClassDef)
    node, fields = definition.node, fields_of(definition.node)
    names = [*list(fields)[: len(call.args)], *(keyword.arg or "" for keyword in call.keywords)]
    required = [
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        if statement.value is None and statement.target.id in fields
    ]
    if len(call.args) > len(fields):
        return f"takes {len(fields)} positional arguments"
    for name in names:
        if name not in fields:
            return f"has no field `{name}`"
        if names.count(name) > 1:
            return f"gets `{name}` twice"
    missing = [f"`{name}`" for name in required if name not in names]
    return f"is made without {', '.join(missing)}" if missing else ""


def _members(node: ast.AST | None, texts: bool) -> Mapping[str, object]:
    """Return the members of an enum whose values are known, by name."""
    found: dict[str, object] = {}
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name[0] != "_":
                is_auto = isinstance(value, ast.Call) and ast.unparse(value).endswith("auto()")
                if is_auto and (texts or all(type(v) is int for v in found.values())):
                    numbers = [v for v in found.values() if isinstance(v, int)]
                    found[name] = name.lower() if texts else max(numbers, default=0) + 1
                    continue
                try:
                    found[name] = fold.constant_of(value)
                except fold.NotConstant:
                    continue
    return found


def _resolved(project: Project, module: Module, node: ast.expr) -> Definition | None:
    dotted = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    if not dotted.replace(".", "").isidentifier():
        return None
    definition = project.resolve(module, dotted)
    return definition if definition and definition.kind == "class" else None


def _origin(project: Project, module: Module, node: ast.expr) -> str | None:
    """Return the dotted name of what `node` names outside of the project."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    definition = project.resolve(module, ast.unparse(node))
    return definition.name if definition and definition.kind == "foreign" else None
