"""Whether a value of one type can be meant where another type is wanted."""

from headrace.compiler.frontend.kinds import (
    FOREIGN_CLASSES,
    STR,
    Abstract,
    Artifact,
    Bool,
    Complex,
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
    Unknown,
    Value,
)
from headrace.compiler.frontend.parts import behaves_as, class_of, element

_TOWER = (Bool, Int, Float, Complex)
_CLASSES = (Enum, Record, Artifact)
_ITERABLE = frozenset(
    {"Iterable", "Iterator", "Generator", "Collection", "Container", "Sized", "Reversible"}
)
_SEQUENCE = _ITERABLE | {"Sequence"}
_ABSTRACT: dict[type, frozenset[str]] = {
    Str: _SEQUENCE,
    Tuple: _SEQUENCE,
    TupleOf: _SEQUENCE,
    List: _SEQUENCE | {"MutableSequence"},
    Dict: _ITERABLE | {"Mapping", "MutableMapping"},
    Set: _ITERABLE | {"Set", "MutableSet"},
    FrozenSet: _ITERABLE | {"Set"},
}
"""What each built-in class can stand for. A list is no iterator, but works where one is wanted."""

_ONE_SHOT = frozenset({"Iterator", "Generator"})
_FAMILIES = {"MutableSequence": "Sequence", "MutableMapping": "Mapping", "MutableSet": "Set"} | {
    "KeysView": "Set",
    "ItemsView": "Set",
}
_NO_COLLECTION = ("pathlib.", "torch.nn.")
_BASE_VALUES = {"datetime.datetime": "datetime.date"}


def fits(given: Type, wanted: Type) -> bool:
    """Whether some value of `given` is acceptable for `wanted`.

    It is an error only where none can be, so the answer leans to yes: the unknown fits everything,
    a union if any of its members does, a class its subclasses and they it, a list another whose
    elements fit. The numeric tower goes up only: an int fits a float, no float an int.
    """
    if isinstance(given, Unknown) or isinstance(wanted, Unknown) or given == wanted:
        return True
    if isinstance(given, Union):
        return any(fits(member, wanted) for member in given.members)
    if isinstance(wanted, Union):
        return any(fits(given, member) for member in wanted.members)
    if isinstance(given, Literal) or isinstance(wanted, Literal):
        return _fits_literal(given, wanted)
    if isinstance(given, _CLASSES) or isinstance(wanted, _CLASSES):
        return _fits_class(given, wanted)
    if isinstance(given, Value) or isinstance(wanted, Value):
        return _fits_value(given, wanted)
    if isinstance(given, Abstract) or isinstance(wanted, Abstract):
        return _fits_abstract(given, wanted)
    return _fits_built_in(given, wanted)


# --- literals and values of libraries ------------------------------------------------------------


def _fits_literal(given: Type, wanted: Type) -> bool:
    if isinstance(given, Literal):
        if isinstance(wanted, Literal):
            allowed = {repr(value) for value in wanted.values}
            return any(repr(value) in allowed for value in given.values)
        return any(fits(class_of(value), wanted) for value in given.values)
    assert isinstance(wanted, Literal)
    if isinstance(given, Str | Bool | Int):
        return any(class_of(value) == given for value in wanted.values)
    if isinstance(given, _CLASSES):
        return any(fits(base, wanted) for base in given.bases)
    return _is_numpy(given)


def _is_numpy(of: Type) -> bool:
    return isinstance(of, Value) and of.name.startswith("numpy.")


def _fits_value(given: Type, wanted: Type) -> bool:
    if _is_numpy(given) or _is_numpy(wanted):
        # Some of numpy's scalars are floats, ints or texts, and all are made from those.
        other = wanted if _is_numpy(given) else given
        return isinstance(other, Value | Bool | Int | Float | Complex | Str)
    if isinstance(given, Value) and isinstance(wanted, Value):
        if given.name == wanted.name:
            return all(map(fits, given.arguments, wanted.arguments))
        names = (given.name, wanted.name)
        return any(_BASE_VALUES.get(a) == b for a, b in (names, names[::-1]))
    if isinstance(wanted, Value):
        # A plain dict is no Counter; a Sequence or a Mapping may be any of these.
        return isinstance(given, Abstract) and fits(behaves_as(wanted), given)
    plain = behaves_as(given)
    return plain != given and fits(plain, wanted)


# --- abstract collections ------------------------------------------------------------------------


def _fits_abstract(given: Type, wanted: Type) -> bool:
    if isinstance(given, Abstract) and isinstance(wanted, Abstract):
        families = {_FAMILIES.get(of.name, of.name) for of in (given, wanted)} - _ITERABLE
        return len(families) < 2 and _fit_elements(given, wanted)
    if isinstance(wanted, Abstract):
        return wanted.name in _ABSTRACT.get(type(given), ()) and _fit_elements(given, wanted)
    assert isinstance(given, Abstract)
    names = _ABSTRACT.get(type(wanted), frozenset()) - _ONE_SHOT
    return given.name in names and _fit_elements(given, wanted)


def _fit_elements(given: Type, wanted: Type) -> bool:
    """Whether what iterating gives fits, and for mappings the values."""
    values = [of.value for of in (given, wanted) if isinstance(of, Dict | Abstract) and of.value]
    if len(values) == 2 and not fits(values[0], values[1]):
        return False
    wanted_element = element(wanted)
    if isinstance(given, Tuple) and wanted_element is not None:
        return all(fits(item, wanted_element) for item in given.items)
    given_element = element(given)
    return given_element is None or wanted_element is None or fits(given_element, wanted_element)


# --- built-in classes ----------------------------------------------------------------------------


def _fits_built_in(given: Type, wanted: Type) -> bool:
    match given, wanted:
        case ((Bool() | Int() | Float() | Complex()), (Bool() | Int() | Float() | Complex())):
            return _TOWER.index(type(given)) <= _TOWER.index(type(wanted))
        case (
            (List(element=inner), List(element=other))
            | (Set(element=inner), Set(element=other))
            | (FrozenSet(element=inner), FrozenSet(element=other))
            | (TupleOf(element=inner), TupleOf(element=other))
        ):
            return fits(inner, other)
        case Dict(), Dict():
            return fits(given.key, wanted.key) and fits(given.value, wanted.value)
        case Tuple(), Tuple():
            same = len(given.items) == len(wanted.items)
            return same and all(map(fits, given.items, wanted.items))
        case Tuple(items=items), TupleOf():
            return all(fits(item, wanted.element) for item in items)
        case TupleOf(), Tuple(items=items):
            return all(fits(given.element, item) for item in items)
    return type(given) is type(wanted) and isinstance(given, Str | NoneType)


# --- classes -------------------------------------------------------------------------------------


def _fits_class(given: Type, wanted: Type) -> bool:
    if isinstance(wanted, Record) and wanted.kind == "typeddict":
        return _fits_typed_dict(given, wanted)
    if isinstance(given, _CLASSES) and isinstance(wanted, _CLASSES):
        return _are_related(given, wanted)
    if isinstance(wanted, _CLASSES):
        return _is_untold(wanted) or (isinstance(given, Abstract) and _may_be_abstract(wanted))
    assert isinstance(given, _CLASSES)
    if isinstance(given, Record) and given.kind == "typeddict":
        values = [f.type for f in given.fields if not f.has_default]
        return all(fits(Dict(STR, value), wanted) for value in values or [Unknown()])
    if isinstance(given, Record) and given.kind == "namedtuple":
        return fits(behaves_as(given), wanted)
    if isinstance(wanted, Abstract) and _may_be_abstract(given):
        return True
    return any(fits(base, wanted) for base in given.bases)


def _may_be_abstract(of: Type) -> bool:
    """Whether a class may have the methods of an abstract one; its body is not looked at."""
    return not (isinstance(of, Artifact) and of.name.startswith(_NO_COLLECTION))


def _is_untold(of: Enum | Record | Artifact) -> bool:
    """Whether the source does not tell what the name of `of` means."""
    return any(isinstance(base, Unknown) for base in of.bases)


def _are_related(given: Enum | Record | Artifact, wanted: Enum | Record | Artifact) -> bool:
    if _is_untold(given) or _is_untold(wanted):
        return True
    above_given, above_wanted = _ancestors(given), _ancestors(wanted)
    if wanted.name in above_given or given.name in above_wanted:
        return True
    # What the source does not tell of a class may be that it derives from one of a library.
    return wanted.name in FOREIGN_CLASSES and "" in above_given


def _ancestors(of: Type) -> set[str]:
    """Return the names of a class and all above it, with an empty one for what is unknown."""
    if isinstance(of, Unknown):
        return {""}
    if not isinstance(of, _CLASSES):
        return set()
    return {of.name}.union(*map(_ancestors, of.bases))


def _fits_typed_dict(given: Type, wanted: Record) -> bool:
    """Whether `given` may be a dict with the fields of `wanted` (PEP 589: by structure)."""
    if isinstance(given, Record) and given.kind == "typeddict":
        there = {field.name: field for field in given.fields}
        return given.name == wanted.name or all(_has_field(there, f) for f in wanted.fields)
    if isinstance(given, Value | Abstract):
        given = _dict_of(given)
    if isinstance(given, Dict):
        needed = [field.type for field in wanted.fields if not field.has_default]
        return fits(given.key, STR) and all(fits(given.value, of) for of in needed)
    return isinstance(given, Artifact) and (
        _is_untold(given) or any(fits(base, wanted) for base in given.bases)
    )


def _has_field(there: dict[str, Field], wanted: Field) -> bool:
    given = there.get(wanted.name)
    return wanted.has_default if given is None else fits(given.type, wanted.type)


def _dict_of(given: Value | Abstract) -> Type:
    """Return the dict that `given` may be; `given` itself if it is none."""
    if isinstance(given, Abstract):
        is_dict = given.name in _ABSTRACT[Dict] - _ONE_SHOT
        return Dict(given.element, given.value or Unknown()) if is_dict else given
    return behaves_as(given)
