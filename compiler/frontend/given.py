"""Values that a person gives in JSON, as the type of a parameter wants them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.compiler.frontend import records
from headrace.compiler.frontend.project import Definition, Project
from headrace.compiler.frontend.types import (
    NONE,
    Abstract,
    Artifact,
    Bool,
    Dict,
    Enum,
    Field,
    Float,
    FrozenSet,
    Int,
    List,
    Literal,
    NoneType,
    Record,
    Set,
    Str,
    Tuple,
    TupleOf,
    Type,
    Union,
    Value,
    show,
)
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.runtime.opaque import Opaque
from headrace.runtime.wire import TAG, decode


class Misfit(Exception):
    """A value that a type does not allow."""


@dataclass(frozen=True)
class Given:
    """The types of a run's parameters, by name, and the project whose classes are among them."""

    types: Mapping[str, Type] = field(default_factory=dict)
    project: Project | None = None

    def fitted(self, value: object, wanted: Type) -> object:
        """Return `value`, read from JSON, as `wanted` has it: a list becomes a tuple, and so on.

        An object of a class of the project is an `Opaque` that is written as that object would be.

        Raises:
            Misfit: it does not fit.
        """
        match wanted:
            case NoneType() | Bool() | Int() | Float() | Str():
                return _scalar(value, wanted)
            case Literal(values=values):
                if not any(value == v and type(value) is type(v) for v in values):
                    raise Misfit(f"{shown(value)} is none of {', '.join(map(shown, values))}")
                return value
            case Union(members=members):
                return self._member(value, members)
            case Enum():
                return self._enum(value, wanted)
            case Record():
                return self._record(value, wanted)
            case Value(name=name) if name in _READ_TEXT:
                return _read_text(value, name)
            case Artifact():
                raise Misfit(f"a run cannot be given {show(wanted)}: make it in a step")
        return self._collection(value, wanted)

    def _member(self, value: object, members: Sequence[Type]) -> object:
        """Return `value` as the first of `members` wants it that it fits."""
        reasons = []
        for member in members:
            try:
                return self.fitted(value, member)
            except Misfit as misfit:
                reasons.append((member, str(misfit)))
        others = [reason for member, reason in reasons if member != NONE]
        if len(others) == 1 and value is not None and not isinstance(value, bool | int | str):
            raise Misfit(others[0])
        raise Misfit(f"{shown(value)} is not {' or '.join(map(show, members))}")

    def _collection(self, value: object, wanted: Type) -> object:
        match wanted:
            case List(element=element):
                return self._elements(value, element)
            case Abstract(element=key, value=inner) if inner is not None:
                return self._entries(value, key, inner)
            case Abstract(name="Sequence" | "MutableSequence", element=element):
                return self._elements(value, element)
            case Set(element=element):
                return set(self._elements(value, element))
            case FrozenSet(element=element):
                return frozenset(self._elements(value, element))
            case TupleOf(element=element):
                return tuple(self._elements(value, element))
            case Tuple(items=items):
                found = _list(value)
                if len(found) != len(items):
                    raise Misfit(f"{shown(value)} has {len(found)} elements, not {len(items)}")
                return tuple(map(self.fitted, found, items))
            case Dict(key=key, value=inner):
                return self._entries(value, key, inner)
        return value

    def _elements(self, value: object, element: Type) -> list[Any]:
        return [self.fitted(each, element) for each in _list(value)]

    def _entries(self, value: object, key: Type, inner: Type) -> object:
        if not isinstance(value, dict):
            raise Misfit(f"{shown(value)} is not a dict")
        return {self.fitted(k, key): self.fitted(v, inner) for k, v in value.items()}

    # --- classes of the project ------------------------------------------------------------------

    def _enum(self, value: object, wanted: Enum) -> object:
        project, definition = self._class(wanted.name)
        members = records.members(project, definition)
        for name, known in members.items():
            if value == known and type(value) is type(known):
                return Opaque(records.member_fields(definition, name, known))
        if isinstance(value, str) and value in members:
            return Opaque(records.member_fields(definition, value, members[value]))
        texts = [*members, *map(str, members.values())]
        hint = did_you_mean(str(value), texts) or known_names(members)
        raise Misfit(f"{shown(value)} is no {show(wanted)}: {hint}")

    def _record(self, value: object, wanted: Record) -> object:
        if wanted.kind == "typeddict":
            return self._fields(value, wanted)
        project, definition = self._class(wanted.name)
        if not records.is_record(project, definition):
            raise Misfit(f"{show(wanted)} is made by code of its own: make it in a step")
        if isinstance(value, list) and wanted.kind == "namedtuple":
            if len(value) > len(wanted.fields):
                raise Misfit(f"{show(wanted)} has {len(wanted.fields)} fields")
            value = {f.name: v for f, v in zip(wanted.fields, value, strict=False)}
        given = self._fields(value, wanted)
        of = {f.name: _field(given, f, project, definition) for f in wanted.fields}
        return Opaque({TAG: wanted.kind, "class": wanted.name, "of": of})

    def _fields(self, value: object, wanted: Record) -> dict[str, object]:
        """Return the fields of a record that `value` gives."""
        if not isinstance(value, dict):
            raise Misfit(f"{shown(value)} is not an object with the fields of {show(wanted)}")
        types = {f.name: f.type for f in wanted.fields}
        for name in value:
            if name not in types:
                hint = did_you_mean(str(name), types) or known_names(types)
                raise Misfit(f"{show(wanted)} has no field {name!r}: {hint}")
        for f in wanted.fields:
            if f.name not in value and not f.has_default:
                raise Misfit(f"{show(wanted)} needs the field {f.name!r}")
        return {name: self.fitted(each, types[name]) for name, each in value.items()}

    def _class(self, name: str) -> tuple[Project, Definition]:
        """Return the class called `module:name`, and the project that has it."""
        module_name, _, qualified = name.partition(":")
        module = self.project.modules.get(module_name) if self.project else None
        definition = self.project.resolve(module, qualified) if self.project and module else None
        if self.project is None or definition is None or definition.kind != "class":
            raise Misfit(f"{qualified} cannot be made from JSON: make it in a step")
        return self.project, definition


def _field(
    given: Mapping[str, object], of: Field, project: Project, definition: Definition
) -> object:
    """Return the field `of` of a record: as it is given, or its default."""
    if of.name in given:
        return given[of.name]
    default = records.default_of(project, definition, of.name)
    if default is None:
        raise Misfit(f"the default of {of.name!r} is known to Python alone: give it")
    found = json.loads(default.text)
    is_tagged = isinstance(found, dict) and TAG in found
    return Opaque(found) if is_tagged else decode(default.text)


def takes_text(wanted: Type) -> bool:
    """Return whether a text that is no JSON may be meant for `wanted`."""
    match wanted:
        case Union(members=members):
            return any(map(takes_text, members))
        case Value(name=name):
            return name in _READ_TEXT
        case Literal(values=values):
            return any(isinstance(value, str) for value in values)
    return isinstance(wanted, Str | Enum)


def is_text(wanted: Type) -> bool:
    """Return whether `wanted` is a text, or that or None: then it is what was written, as it is."""
    members = wanted.members if isinstance(wanted, Union) else (wanted,)
    kinds = [type(member) for member in members]
    return Str in kinds and set(kinds) <= {Str, NoneType}


def shown(value: object) -> str:
    """Return `value` for a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_SCALARS: dict[type[Any], tuple[str, tuple[type, ...]]] = {
    Bool: ("bool", (bool,)),
    Int: ("int", (int,)),
    Float: ("float", (float, int)),
    Str: ("str", (str,)),
    NoneType: ("None", (type(None),)),
}


def _scalar(value: object, wanted: Type) -> object:
    name, classes = _SCALARS[type(wanted)]
    if not isinstance(value, classes) or (isinstance(value, bool) and name != "bool"):
        raise Misfit(f"{shown(value)} is not {name}")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise Misfit(f"{shown(value)} is not a list")
    return value


def _from_iso(name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        import datetime

        return getattr(datetime, name).fromisoformat(text)

    return read


def _standard(module: str, name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        from importlib import import_module

        return getattr(import_module(module), name)(text)

    return read


_READ_TEXT: dict[str, Callable[[str], object]] = {
    "datetime.date": _from_iso("date"),
    "datetime.datetime": _from_iso("datetime"),
    "datetime.time": _from_iso("time"),
    "decimal.Decimal": _standard("decimal", "Decimal"),
    "fractions.Fraction": _standard("fractions", "Fraction"),
    "uuid.UUID": _standard("uuid", "UUID"),
}
"""What makes a value of a class of the standard library from a text."""


def _read_text(value: object, name: str) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and name in _NUMBERS:
        value = str(value)
    try:
        if isinstance(value, str):
            return _READ_TEXT[name](value)
    except (ValueError, ArithmeticError):
        pass
    raise Misfit(f"{shown(value)} is not {name.rpartition('.')[2]}")


_NUMBERS = frozenset({"decimal.Decimal", "fractions.Fraction"})
