"""What a schema of the configuration is made of: tables, lists, and rules for single values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from headrace.compiler import setting_rules as rules


@dataclass(frozen=True)
class Table:
    """A table with known keys; `short` is the key that a value in the table's place is for."""

    keys: "Mapping[str, Schema]"
    short: str | None = None


@dataclass(frozen=True)
class NamedEntries:
    """A table whose keys are the user's; `check_name` may refuse one."""

    entry: "Schema"
    check_name: Callable[[str], None] | None = None


@dataclass(frozen=True)
class ListOf:
    """A list of `what`, each as `entry` says and as `check` takes it."""

    entry: "Schema"
    what: str
    check: Callable[[Any], None] | None = None


@dataclass(frozen=True)
class Lazy:
    """A schema that is made when something is first checked against it."""

    load: "Callable[[], Schema]"


Schema: TypeAlias = Table | NamedEntries | ListOf | Lazy | rules.Rule
