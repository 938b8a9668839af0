"""What a pod asks of the labels of a node: a selector, and terms of which one must hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.compiler.settings import NodeRequirement
from headrace.targets.accelerators.catalogue import Record

_Term = tuple[NodeRequirement, ...]


@dataclass
class Labels:
    """Labels that a node must have, and `terms`: if there are any, one must hold as a whole."""

    selector: dict[str, str] = field(default_factory=dict)
    terms: tuple[_Term, ...] = ()

    @classmethod
    def of_any(cls, records: Sequence[Record]) -> "Labels":
        """Return what the nodes of `records`, and no others, have.

        What is one value for all stands in the selector; if one label alone differs, it may have
        any of the values; else each record has a term of its own.
        """
        if not records:
            return cls()
        if len(records) == 1:
            (record,) = records
            return cls(
                dict(record.node_selector), (record.node_affinity,) if record.node_affinity else ()
            )
        required = [record.labels for record in records]
        shared = {k: v for k, v in required[0].items() if all(r.get(k) == v for r in required)}
        selector = {key: value for key, (value, *more) in shared.items() if not more}
        in_selector = {key for record in records for key in record.node_selector}
        selector = {key: value for key, value in selector.items() if key in in_selector}
        rest = [{k: v for k, v in r.items() if k not in selector} for r in required]
        different = {key for r in rest for key in r if key not in shared}
        if len(different) == 1 and all(different <= r.keys() for r in rest):
            merged: dict[str, dict[str, None]] = {}
            for each in rest:
                for key, values in each.items():
                    merged.setdefault(key, {}).update(dict.fromkeys(values))
            rest = [{key: tuple(values) for key, values in merged.items()}]
        terms = dict.fromkeys(_term(each) for each in rest)
        return cls(selector, tuple(term for term in terms if term))

    @property
    def keys_of_terms(self) -> set[str]:
        """The labels that the terms speak of."""
        return {requirement.key for term in self.terms for requirement in term}

    def add(self, selector: Mapping[str, str]) -> None:
        """Require the labels in `selector`, too."""
        self.selector = {**self.selector, **selector}

    def require(self, requirement: NodeRequirement) -> None:
        """Require `requirement`, whichever term holds."""
        self.terms = tuple((*term, requirement) for term in self.terms or ((),))

    def narrow(self, key: str, value: str) -> None:
        """Require `value` of the label `key` in place of the values that it might have had."""
        kept = (tuple(r for r in term if r.key != key) for term in self.terms)
        self.terms = tuple(dict.fromkeys(term for term in kept if term))
        self.add({key: value})


def _term(labels: Mapping[str, tuple[str, ...]]) -> _Term:
    return tuple(
        NodeRequirement(key=key, operator="In", values=values) for key, values in labels.items()
    )
