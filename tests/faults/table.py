"""What becomes of a run that a fault hits, on each engine: the tests and `docs/faults.md` say it.

What stands here as expected was seen on runs of Argo Workflows 4.1.2 and Airflow 3.3.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Pipeline: TypeAlias = Literal["hit", "spoiled"]
Strike: TypeAlias = Literal["", "delete", "evict", "cancel", "restart"]
"""What is done from outside while the step runs: its pod is deleted, or evicted as a drain does;
the run is cancelled; the engine's controller, or scheduler, is killed and started again."""

RETRY = ("steps.work.retries.limit=1", "steps.work.retries.delay=0")


@dataclass(frozen=True)
class End:
    """How a run ends: after how many `attempts` at the step, and whether its cleanup ran.

    `message` is a regular expression for all that `headrace status` says of the failure, as the
    engine has it; `said` is what the page says instead, where that is long.
    """

    state: Literal["succeeded", "failed"]
    attempts: int
    cleanup: bool = True
    message: str = ""


@dataclass(frozen=True)
class Fault:
    """A fault: a run of `pipeline` with the parameter `fault` and these settings, and a strike.

    `ends` gives the end on each engine.
    """

    name: str
    what: str
    ends: Mapping[str, End]
    fault: str = ""
    pipeline: Pipeline = "hit"
    settings: tuple[str, ...] = ()
    strike: Strike = ""
    remarks: str = field(default="")


def _both(end: End) -> dict[str, End]:
    return {"argo": end, "airflow": end}


def _failed(argo: str, airflow: str, attempts: int = 1, *, cleanup: bool = True) -> dict[str, End]:
    return {
        engine: End("failed", attempts, cleanup, message)
        for engine, message in (("argo", argo), ("airflow", airflow))
    }


SECOND = _both(End("succeeded", 2))
"""The second attempt succeeds, and the run with it."""

ENDED_BY_KILL = r"work: headrace: the step was ended by SIGKILL: perhaps the step needs more memory"

FAULTS = (
    Fault("deleted", "pod deleted", _failed(".*", ".*"), strike="delete"),
    Fault("deleted-again", "pod deleted", SECOND, settings=RETRY, strike="delete"),
    Fault("evicted", "pod evicted (a drained node)", SECOND, settings=RETRY, strike="evict"),
    Fault("signal", "SIGTERM (a spot node goes)", _failed(".*", ".*"), fault="signal"),
    Fault("signal-again", "SIGTERM (a spot node goes)", SECOND, fault="signal", settings=RETRY),
    Fault(
        "memory",
        "out of memory",
        _failed(ENDED_BY_KILL, ENDED_BY_KILL),
        fault="memory",
        settings=("steps.work.memory=64Mi",),
    ),
    Fault(
        "memory-again",
        "out of memory",
        SECOND,
        fault="memory",
        settings=("steps.work.memory=64Mi", *RETRY),
    ),
    Fault(
        "image",
        "image that is nowhere",
        _failed(".*", ".*"),
        settings=("steps.work.image=registry.invalid/absent:1", "steps.work.timeout=20s"),
    ),
    Fault("timeout", "timeout", _failed(".*", ".*"), settings=("steps.work.timeout=20s",)),
    Fault("timeout-again", "timeout", SECOND, settings=("steps.work.timeout=20s", *RETRY)),
    Fault("exception", "exception (1)", SECOND, fault="exception", settings=RETRY),
    Fault(
        "folder",
        "wrong manifest or place (64)",
        _failed(".*", ".*"),
        fault="folder",
        pipeline="spoiled",
        settings=RETRY,
    ),
    Fault(
        "bytes",
        "bad data (65)",
        _failed(".*", ".*"),
        fault="bytes",
        pipeline="spoiled",
        settings=RETRY,
    ),
    Fault(
        "gone",
        "store that fails (75)",
        _failed(".*", ".*", attempts=2),
        fault="gone",
        pipeline="spoiled",
        settings=RETRY,
    ),
    Fault(
        "cancelled",
        "`headrace cancel`",
        _failed(".*", ".*", cleanup=False),
        strike="cancel",
    ),
)

RESTARTED = Fault(
    "restarted",
    "controller or scheduler killed and started",
    _both(End("succeeded", 1)),
    strike="restart",
)
"""A fault of everything that runs on the engine, so that it comes when the others have ended."""
