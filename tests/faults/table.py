"""What becomes of a run that a fault hits, on each engine: the tests and `docs/faults.md` say it.

What stands here as expected was seen on runs of Argo Workflows 4.1.2, Kubeflow Pipelines 2.17.0 and
Airflow 3.3.2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Pipeline: TypeAlias = Literal["hit", "spoiled"]
Strike: TypeAlias = Literal["", "delete", "evict", "cancel", "restart"]
"""What is done from outside while the step runs: its pod is deleted, or evicted as a drain does;
the run is cancelled; the engine's controller, or scheduler, is killed and started again."""

RETRY = ("steps.work.retries.limit=1", "steps.work.retries.delay=0")


@dataclass(frozen=True)
class End:
    """How a run ends: after how many `attempts` at the step, and whether its cleanup ran.

    `messages` are what `headrace status` may say of the failure; `...` stands for any text.
    """

    state: Literal["succeeded", "failed"]
    attempts: int
    cleanup: bool = True
    messages: tuple[str, ...] = ()

    def says(self, message: str) -> bool:
        """Whether `message` is one of those that a run with this end may have."""
        patterns = (".*".join(map(re.escape, text.split("..."))) for text in self.messages)
        return any(re.fullmatch(each, message, re.DOTALL) for each in patterns)


@dataclass(frozen=True)
class Fault:
    """A fault: a run of `pipeline` with the parameter `fault` and these settings, and a strike.

    `what` is its name on the page, with and without retries; `ends` gives the end on each engine.
    """

    name: str
    what: str
    ends: Mapping[str, End]
    fault: str = ""
    pipeline: Pipeline = "hit"
    settings: tuple[str, ...] = ()
    strike: Strike = ""


def _failed(
    argo: tuple[str, ...],
    airflow: tuple[str, ...],
    kubeflow: tuple[str, ...],
    *,
    attempts: int = 1,
    attempts_on_kubeflow: int = 1,
) -> dict[str, End]:
    told = (
        ("argo", argo, attempts),
        ("airflow", airflow, attempts),
        ("kubeflow", kubeflow, attempts_on_kubeflow),
    )
    return {
        engine: End("failed", count, messages=tuple(f"{SAYS}{text}" for text in messages))
        for engine, messages, count in told
    }


SAYS = "work: "
"""What stands before the message of the step that was hit."""

_SECOND = End("succeeded", 2, messages=("",))
SECOND = {"argo": _SECOND, "airflow": _SECOND, "kubeflow": _SECOND}
"""The second attempt succeeds, and the run with it."""

SECOND_OF_GONE = {**SECOND, "kubeflow": End("succeeded", 1, messages=("",))}
"""Kubeflow tells of the pods that are there."""

TERMINATED = "headrace: the step was ended by SIGTERM"
LOST = "a pod failed that is gone: it was deleted, or its node was"
GONE = {
    **_failed(("pod deleted", TERMINATED), ("pod deleted", "the pod was ended", TERMINATED), ()),
    "kubeflow": End("failed", 0, messages=(LOST,)),
}
"""It depends on what the engine sees before the pod is gone."""

KILLED = "headrace: the step was ended by SIGKILL: perhaps the step needs more memory"
OOM = "main: OOMKilled (exit code 137)"
DEADLINE = "Pod was active on the node longer than the specified deadline"
OF_DATA = "headrace: step work: the value of 'data': "

MEMORY = "steps.work.memory=128Mi"
TIMEOUT = "steps.work.timeout=45s"
ABSENT = "registry.invalid/absent:1"


def _twice(
    name: str,
    what: str,
    ends: dict[str, End],
    *,
    fault: str = "",
    settings: tuple[str, ...] = (),
    strike: Strike = "",
) -> tuple[Fault, Fault]:
    """Return a fault of the first attempt without retries, and with one, which succeeds."""
    plain = Fault(name, what, ends, fault=fault, settings=settings, strike=strike)
    second = SECOND_OF_GONE if strike else SECOND
    again = replace(plain, name=f"{name}-again", ends=second, settings=(*settings, *RETRY))
    return plain, again


def _spoiled(fault: str, what: str, message: str, *, attempts: int) -> Fault:
    """Return a fault that every attempt meets; Kubeflow makes another one whatever it was."""
    messages = (f"{OF_DATA}{message}",)
    ends = _failed(messages, messages, messages, attempts=attempts, attempts_on_kubeflow=2)
    return Fault(fault, what, ends, fault=fault, pipeline="spoiled", settings=RETRY)


FAULTS = (
    *_twice("deleted", "its pod is deleted", GONE, strike="delete"),
    *_twice("evicted", "its pod is evicted: a node is drained", GONE, strike="evict"),
    *_twice(
        "signal",
        "SIGTERM: a spot node goes",
        _failed((TERMINATED,), (TERMINATED,), (TERMINATED,)),
        fault="signal",
    ),
    *_twice(
        "memory",
        "more memory than its limit",
        _failed((f"{OOM}: {KILLED}", OOM), (KILLED, "the pod ended without a word"), (KILLED,)),
        fault="memory",
        settings=(MEMORY,),
    ),
    *_twice(
        "timeout",
        "longer than its `timeout`",
        _failed((DEADLINE,), ("the step took longer than its timeout",), (DEADLINE,)),
        settings=(TIMEOUT,),
    ),
    *_twice(
        "exception",
        "an exception, exit code 1",
        _failed(("ValueError: no luck",), ("ValueError: no luck",), ("ValueError: no luck",)),
        fault="exception",
    ),
    _spoiled(
        "folder",
        "a wrong manifest or place, 64",
        "cannot read from the store ...: Is a directory",
        attempts=1,
    ),
    _spoiled("bytes", "bad data, 65", "the object ... in the store ... is damaged", attempts=1),
    _spoiled("loop", "a store that fails, 75", "cannot read from the store ...", attempts=2),
    Fault(
        "image",
        "an image that is nowhere",
        _failed((DEADLINE,), (f'...image "{ABSENT}": ...',), (DEADLINE,)),
        settings=(f"steps.work.image={ABSENT}", TIMEOUT),
    ),
    Fault(
        "cancelled",
        "`headrace cancel`",
        {
            "argo": End("failed", 1, False, ("Stopped with strategy 'Stop'",)),
            "airflow": End("failed", 1, False, ("cancelled with headrace",)),
            "kubeflow": End("failed", 1, False, ("cancelled",)),
        },
        strike="cancel",
    ),
)

RESTARTED = Fault(
    "restarted",
    "the controller of Argo, or the scheduler of Airflow with its tasks, is killed",
    {
        "argo": End("succeeded", 1, messages=("",)),
        "kubeflow": End("succeeded", 1, messages=("",)),
        # A task that takes over the pod is another attempt, though the step is not.
        "airflow": End("succeeded", 2, messages=("",)),
    },
    strike="restart",
)
"""A fault of everything that runs on the engine, so that it comes when the others have ended."""
