"""Run the conformance cases on a real engine, and keep what it makes of them as evidence."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import FrameType
from typing import NoReturn

from conformance import evidence, suite
from conformance.engines import airflow, argo, kubeflow
from conformance.engines.engine import Ended, Engine, NotThere, run
from conformance.evidence import Evidence
from conformance.selection import agree
from conformance.suite import CASES, Case

ENGINES: dict[str, Callable[[], AbstractContextManager[Engine]]] = {
    "airflow": airflow.airflow,
    "argo": argo.argo,
    "kubeflow": kubeflow.kubeflow,
}

FAILED = 1
INTERRUPTED = 130


def main() -> int:
    """Do what the command line says; return the exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ENGINES[options.engine]() as engine:
            return _prove(engine, options)
    except NotThere as error:
        print(f"NOT RUN: the conformance cases on {options.engine}: {error}")
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m conformance.engines", description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these (default: every case)")
    parser.add_argument("--all", action="store_true", help="also what is proven already")
    parser.add_argument(
        "--overhead", action="store_true", help="only measure what a step takes, and keep it"
    )
    parser.add_argument("--first", action="store_true", help="only the first run of each case")
    parser.add_argument(
        "--at-once", type=int, default=8, metavar="N", help="runs (default: %(default)s)"
    )
    options = parser.parse_intermixed_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    return options


def _prove(engine: Engine, options: argparse.Namespace) -> int:
    kept = evidence.read(engine.name, engine.version)
    if options.overhead:
        kept.overhead = engine.overhead()
        kept.write()
        print(kept.overhead)
        return 0
    wanted = list(_wanted(kept, options))
    print(f"{engine.name} {engine.version}: {len(wanted)} runs", flush=True)
    differing = 0
    for count, ended in enumerate(run(engine, wanted, options.at_once), 1):
        # What is too late may only be slow: it is told, and proves nothing.
        if not ended.late:
            kept.add(ended.case, ended.number, ended.found)
            kept.write()
        differing += not _told(ended, f"{count}/{len(wanted)}")
    print(f"{len(wanted) - differing} give what Python gives, {differing} do not; {kept.path}")
    return FAILED if differing else 0


def _wanted(kept: Evidence, options: argparse.Namespace) -> Iterator[tuple[Case, int]]:
    """Give the runs to be made: the first of every case before all others, small ones first."""
    chosen = [CASES[name] for name in options.cases] or CASES.values()
    taken = [case for case in chosen if options.engine not in case.refused]
    taken.sort(key=lambda case: sum(len(f.text) for f in suite.emitted(case, options.engine)[0]))
    most = 1 if options.first else max(len(case.runs) for case in taken)
    for number in range(most):
        for case in (each for each in taken if number < len(each.runs)):
            entry = kept.current(case, number)
            if options.all or entry is None or not evidence.is_outcome(entry):
                yield case, number


def _told(ended: Ended, count: str) -> bool:
    """Print what became of a run; return whether it gives what Python gives."""
    found, wanted = ended.found.outcome, suite.expected(ended.case, ended.case.runs[ended.number])
    same = agree(found, wanted)
    verdict = "same" if same else "LATE" if ended.late else "DIFFERS"
    name = evidence.entry_name(ended.case, ended.number)
    print(f"{count} {verdict} {name} ({ended.found.pods} pods, {ended.seconds:.0f} s)", flush=True)
    if not same:
        print(f"  engine: {found.text}\n  Python: {wanted.text}", flush=True)
    return same


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
