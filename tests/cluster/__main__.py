"""python -m cluster start | stop | run COMMAND... | add NAME...: a cluster for people or commands.

`add` starts the controllers jobset or kueue in the cluster that runs; they end with it.
`run` ends with the exit code of the command, which finds the cluster by KUBECONFIG; one that runs
already is used. On a machine that cannot run a cluster all say what is not run, which is no
failure.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cluster import controllers, running, state
from cluster.controllers import CONTROLLERS
from cluster.images import STEP
from cluster.machine import CannotRun

FAILED = 1


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        match arguments:
            case ["start"]:
                return _start()
            case ["stop"]:
                return _stop()
            case ["run", program, *rest]:
                return _run([program, *rest])
            case ["add", *names] if names and set(names) <= set(CONTROLLERS):
                return _add(names)
        print(__doc__, file=sys.stderr)
        return 64
    except CannotRun as error:
        print(f"NOT RUN: what needs a real cluster: {error}")
        return 0
    except (running.DoesNotStart, state.AlreadyRuns, RuntimeError) as error:
        print(error, file=sys.stderr)
        return FAILED


def _start() -> int:
    began = time.monotonic()
    cluster = running.start()
    try:
        print(f"export KUBECONFIG={cluster.kubeconfig}")
        print(f"# up in {time.monotonic() - began:.0f} s; steps' image: {STEP}; Ctrl-C ends it")
        sys.stdout.flush()
        while not (ended := cluster.ended()):
            time.sleep(1)
        print(f"ended: {', '.join(ended)}; logs: {cluster.logs}", file=sys.stderr)
        cluster.stop(keep_logs=True, drain=False)
        return FAILED
    except KeyboardInterrupt:
        cluster.stop()
        return 0


def _stop() -> int:
    print("stopped" if state.stop() else "no cluster runs")
    return 0


def _add(names: list[str]) -> int:
    there = state.running()
    if there is None:
        print("no cluster runs; `make cluster` starts one", file=sys.stderr)
        return FAILED
    for name in names:
        controllers.start(running.Access(Path(there.folder)), CONTROLLERS[name])
        print(f"{name} runs")
    return 0


def _run(command: list[str]) -> int:
    if there := state.running():
        access = running.Access(Path(there.folder))
        print(f"using the cluster of process {there.process}", flush=True)
        access.load_step_image()
        return _command(command, access)
    cluster = running.start()
    code = FAILED
    try:
        code = _command(command, cluster)
    finally:
        cluster.stop(keep_logs=code != 0)
        if code:
            print(f"the cluster's logs: {cluster.logs}", file=sys.stderr)
    return code


def _command(command: list[str], access: running.Access) -> int:
    environment = os.environ | {"KUBECONFIG": str(access.kubeconfig)}
    with subprocess.Popen(command, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            return 130


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
