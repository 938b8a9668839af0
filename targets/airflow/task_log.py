"""What a task of Airflow wrote: the lines of its pod among those of Airflow itself."""

import re
from typing import Any

from headrace.targets.airflow.rest import Rest

_OF_POD = "[base] "
"""What the operator puts before a line of the step's container: its name (`PodManager`)."""

_FAILURE = re.compile(r"Pod \S+ returned a failure\.\n?")
"""What the operator says before the container's last words (`KubernetesPodOperator.cleanup`)."""


_POD_IS_GONE = re.compile(r'"reason":"NotFound","details":\{"name":"[^"]+","kind":"pods"\}')
"""In the API server's answer, of which the operator makes an exception."""

_SIDECAR_HAS_ENDED = "Xcom sidecar container is already terminated"
"""What the operator says where all containers of the pod have ended; this one waits for the
operator, so that something else must have ended it (`PodManager.extract_xcom`)."""


class TaskLog:
    """The log of one attempt at a task."""

    def __init__(self, rest: Rest, path: str) -> None:
        """Read the log at `path`."""
        self._rest, self._path = rest, path
        self._given = 0

    def next_lines(self) -> list[str]:
        """Return the lines of the container that were not given out yet.

        Raises:
            EngineError: the log cannot be read.
        """
        lines = [
            line
            for event in events(self._rest, self._path)
            if str(event.get("event", "")).startswith(_OF_POD)
            for line in event["event"][len(_OF_POD) :].rstrip("\n").split("\n")
        ]
        new, self._given = lines[self._given :], len(lines)
        return new


def last_words(rest: Rest, path: str) -> str:
    """Return in one line why the attempt failed whose log is at `path`: the user's exception.

    Raises:
        EngineError: the log cannot be read.
    """
    said = ""
    for event in events(rest, path):
        for detail in event.get("error_detail") or ():
            said = _told(str(detail.get("exc_type") or ""), str(detail.get("exc_value") or ""))
    return said.rpartition("\n")[2]


def _told(exception: str, text: str) -> str:
    """Return what the exception of an operator tells of the step."""
    if exception == "AirflowTaskTimeout":
        return "the step took longer than its timeout"
    if _POD_IS_GONE.search(text):
        return "pod deleted"
    if text.startswith(_SIDECAR_HAS_ENDED):
        return "the pod was ended"
    said = _FAILURE.sub("", text).strip()
    return said or ("the pod ended without a word" if text else exception)


def events(rest: Rest, path: str) -> list[dict[str, Any]]:
    """Return the log at `path`, an object for each line.

    Raises:
        EngineError: the log cannot be read.
    """
    answer = rest.call("GET", path, query={"full_content": "true"})
    return [e if isinstance(e, dict) else {"event": e} for e in answer["content"]]
