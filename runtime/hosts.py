"""Runs a step on several hosts: creates their JobSet, waits for it, and brings back the outputs.

The function is called once on each host. What it returns on the first, whose rank is 0, are the
outputs of the step; they come in the message with which the container ends, and what is too long
for that in the store. The hosts run the same command line as this pod, but for where outputs go.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

from headrace.runtime import wire
from headrace.runtime.cluster_api import ClusterApi, NotFound
from headrace.runtime.command_line import HANDLED, JOBSET_VARIABLE
from headrace.runtime.errors import DataError, HostFailed, ManifestError, RetryableError, StepError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from headrace.runtime.command_line import StepCommand

SECONDS_BETWEEN_LOOKS = 2.0

_JOBSETS = "/apis/jobset.x-k8s.io/v1alpha2/namespaces/{}/jobsets"
_JOBS = "/apis/batch/v1/namespaces/{}/jobs"
_PODS = "/api/v1/namespaces/{}/pods"
_NAME_LABEL = "jobset.sigs.k8s.io/jobset-name"
_RANK_LABEL = "batch.kubernetes.io/job-completion-index"
_STOPPED = (130, 137, 143)
"""How hosts end that are stopped."""

_LINES = 100
"""How much is shown of the log of a host that failed."""


class _Ended(Exception):
    """A signal asked this process to end."""


def host_arguments(command: StepCommand, arguments: Sequence[str]) -> list[str]:
    """Return the command line of a host: outputs go into the message that its container leaves."""
    options = ["--message"]
    for name in command.outputs():
        role = command.expressions.get(name, ("value", ""))[0]
        options += [f"--declare={name}"] if name not in command.expressions else []
        # What is longer than a reference goes to the store: the message is short.
        options += [f"--gathered={name}"] if role == "value" else []
    elsewhere = ("--output=", "--xcom=", "--result=", "--declare=", "--gathered=")
    at = next(i for i, text in enumerate(arguments) if not text.startswith("--"))
    kept = [text for text in arguments[:at] if not text.startswith(elsewhere)]
    return [*kept, *options, *arguments[at:]]


def run(
    command: StepCommand,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    store: wire.Keeper | None,
) -> dict[str, str]:
    """Run the step on its hosts, and return the text of each output.

    `arguments` are the command line of which `command` is made.

    Raises:
        HostFailed: one of them failed.
        ManifestError: the cluster refuses the JobSet, or its message needs a store.
        RetryableError: the hosts are gone, or the API does not answer.
    """
    hosts = _Hosts(ClusterApi(environment), environment)
    previous = signal.signal(signal.SIGTERM, hosts.end)
    try:
        hosts.create(host_arguments(command, arguments))
        hosts.wait()
        return _outputs(command, hosts.message(), store)
    except _Ended:
        hosts.delete()
        raise HostFailed("all", "ended by SIGTERM", 143) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


def _outputs(command: StepCommand, message: str, store: wire.Keeper | None) -> dict[str, str]:
    """Return the outputs in the `message` of a host.

    Raises:
        DataError: it holds none, or not those of `command`.
        ManifestError: they are in the store, and there is none.
    """
    try:
        given = json.loads(message)
        if given.get(wire.TAG) == "stored":
            if store is None:
                raise ManifestError("the outputs are in a store and none is set")
            given = json.loads(store.load_text(given))
        return {name: str(given[name]) for name in command.outputs()}
    except (ValueError, KeyError, AttributeError):
        raise DataError(f"the first host left no outputs: {message[:200]!r}") from None


class _Hosts:
    """The hosts of one step: a JobSet and its pods."""

    def __init__(self, api: ClusterApi, environment: Mapping[str, str]) -> None:
        self._api, self._environment = api, environment
        self._jobsets = _JOBSETS.format(api.namespace)
        self._pods = _PODS.format(api.namespace)
        self.name = ""
        self._said = ""
        self._follower: threading.Thread | None = None
        self._succeeded = False
        self._is_ended = False

    def end(self, _number: int, _frame: object) -> NoReturn:
        """Handle the signal that asks this process to end.

        Raises:
            _Ended: always.
        """
        self._is_ended = True  # what is raised within a finaliser is lost
        raise _Ended

    def create(self, arguments: Sequence[str]) -> None:
        """Create the JobSet, whose containers get `arguments`.

        Raises:
            ManifestError, RetryableError: it cannot be created.
        """
        jobset = json.loads(self._environment[JOBSET_VARIABLE])
        pod = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]
        container = next(c for c in pod["spec"]["containers"] if c["name"] == "main")
        container["args"] = [_literal(text) for text in arguments]
        container["env"] = [*_handed_on(self._environment), *container.get("env", ())]
        jobset["metadata"]["ownerReferences"] = self._owner()
        try:
            made = self._api.request("POST", self._jobsets, jobset)
        except NotFound:
            raise ManifestError(
                "the cluster has no JobSet (jobset.x-k8s.io/v1alpha2), which a step on several "
                "hosts is run by: https://jobset.sigs.k8s.io/docs/installation/"
            ) from None
        self.name = made["metadata"]["name"]
        count = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]["completions"]
        self._say(f"{count} hosts are started by the JobSet {self.name}")

    def _owner(self) -> list[dict[str, Any]]:
        """Return what lets Kubernetes remove the JobSet together with this pod."""
        name = self._environment.get("HOSTNAME", "")
        try:
            pod = self._api.get(f"{self._pods}/{name}")
        except (NotFound, ManifestError):  # a pod may have another host name, or not see itself
            return []
        uid = pod["metadata"]["uid"]
        return [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}]

    def wait(self) -> None:
        """Wait until all hosts have ended, and show the log of the first one as it grows.

        Raises:
            RetryableError: the JobSet is gone, or the API does not answer.
        """
        while not self._is_ended:
            try:
                jobset = self._api.get(f"{self._jobsets}/{self.name}")
            except NotFound:
                raise RetryableError(f"the JobSet {self.name} is gone") from None
            ended = _true_condition(jobset, "Completed") or _true_condition(jobset, "Failed")
            self._look()
            if ended:
                self._succeeded = ended["type"] == "Completed"
                if self._follower is not None:
                    self._follower.join(10)
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)
        raise _Ended

    def message(self) -> str:
        """Return the message with the outputs: that of the first host, or of who ended the others.

        Raises:
            HostFailed: a host failed.
            RetryableError: no pod tells how it ended.
        """
        pods = self._listed()
        if self._succeeded:
            ended = _terminated(pods.get("0"))
            if ended is None:
                raise RetryableError(f"the pod of the first host of {self.name} is gone")
            return str(ended.get("message", ""))
        failed = _first_failed(pods)
        if failed is None:
            raise RetryableError(f"the hosts of {self.name} failed: {self._why()}")
        rank, ended = failed
        code, message = int(ended["exitCode"]), str(ended.get("message") or "")
        if code == HANDLED:
            return message
        if rank != "0":
            self._show_end_of_log(rank, pods[rank]["metadata"]["name"])
        raise HostFailed(
            rank, message or f"{ended.get('reason', 'Error')} (exit code {code})", code
        )

    def _why(self) -> str:
        """Return why the Job of the hosts failed, as where it ran out of time."""
        path = _JOBS.format(self._api.namespace)
        try:
            failed = _true_condition(self._api.get(f"{path}/{self.name}-hosts-0"), "Failed")
        except (NotFound, ManifestError):
            failed = None
        return str(failed["message"]) if failed else "their pods are gone"

    def delete(self) -> None:
        """Remove the JobSet, and with it the pods."""
        if self.name:
            try:
                self._api.request("DELETE", f"{self._jobsets}/{self.name}")
            except (NotFound, StepError) as error:
                self._say(f"the JobSet {self.name} could not be removed: {error}")

    def _look(self) -> None:
        """Follow the first host once it runs; say what the hosts wait for when that changes."""
        pods = self._listed()
        first = pods.get("0")
        if self._follower is None and first and first["status"].get("phase") != "Pending":
            arguments = (first["metadata"]["name"],)
            self._follower = threading.Thread(target=self._follow, args=arguments, daemon=True)
            self._follower.start()
        for rank, pod in sorted(pods.items(), key=lambda item: int(item[0])):
            refused = _condition(pod, "PodScheduled")
            if refused and refused["status"] == "False":
                self._say(f"host {rank} waits: {refused.get('message', '')}")
                return

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            print(f"headrace: {text}", file=sys.stderr, flush=True)

    def _listed(self) -> dict[str, Any]:
        """Return the pods of the hosts, each by its rank."""
        listed = self._api.get(f"{self._pods}?labelSelector={_NAME_LABEL}%3D{self.name}")["items"]
        return {pod["metadata"]["labels"][_RANK_LABEL]: pod for pod in listed}

    def _follow(self, pod: str) -> None:
        """Write the log of `pod` to standard output, as it comes."""
        path = f"{self._pods}/{pod}/log?container=main&follow=true"
        try:
            with self._api.open("GET", path, None, None) as log:
                while data := log.readline():
                    os.write(1, data)
        except OSError as error:
            self._say(f"the log of the first host, {pod}, cannot be shown: {error}")

    def _show_end_of_log(self, rank: str, pod: str) -> None:
        path = f"{self._pods}/{pod}/log?container=main&tailLines={_LINES}"
        try:
            with self._api.open("GET", path, None, 30) as log:
                self._say(f"the end of the log of host {rank}:")
                os.write(2, log.read())
        except OSError as error:
            self._say(f"the log of host {rank}, {pod}, cannot be shown: {error}")


def _handed_on(environment: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the variables by which the engine told this pod what to run: hosts need them too."""
    names = ("HEADRACE_CODE", "HEADRACE_MODULES", "HEADRACE_IMPORT", "HEADRACE_STORE")
    there = (name for name in names if name in environment)
    return [{"name": name, "value": _literal(environment[name])} for name in there]


def _literal(text: str) -> str:
    """Return `text` as Kubernetes has to be given it, which reads `$(NAME)` and `$$`."""
    return text.replace("$", "$$")


def _condition(document: Any, kind: str) -> Any:
    conditions = document.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), None)


def _true_condition(document: Any, kind: str) -> Any:
    found = _condition(document, kind)
    return found if found and found["status"] == "True" else None


def _terminated(pod: Any) -> Any:
    """Return how the main container of `pod` ended, or None."""
    for status in (pod or {}).get("status", {}).get("containerStatuses") or ():
        if status["name"] == "main":
            return status["state"].get("terminated")
    return None


def _first_failed(pods: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the rank of the host that failed first, and how it ended, if one failed by itself."""
    ended = [(rank, _terminated(pod)) for rank, pod in pods.items()]
    failed = [(str(end.get("finishedAt")), int(rank), end) for rank, end in ended if _failed(end)]
    if not failed:
        return None
    _, rank, end = min(failed, key=lambda one: one[:2])
    return str(rank), end


def _failed(end: Any) -> bool:
    """Whether a host failed by itself: all others are told to end then, and `end` tells of that."""
    if not end or not end["exitCode"]:
        return False
    return end["exitCode"] not in _STOPPED or end.get("reason") == "OOMKilled"
