"""A Kubernetes with JobSet, in this process: the hosts of a JobSet are programs of this machine.

It does what JobSet 0.10 and the Job controller do with the one kind of JobSet that headrace writes,
as `tests/cluster/test_hosts.py` sees the real ones do it: names, labels, variables, what ends when
a host fails.
"""

import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import trustme

from fake_server import Answer, Request

NAMESPACE = "ml"
TOKEN = "of-the-account"

_STEP = "import sys; from headrace.runtime.step import main; sys.exit(main())"

Document = dict[str, Any]


class FakeJobSet:
    """The API server of one namespace, and the hosts that it starts, with files in `folder`.

    `refuse` gives the answer to requests of a method and the last part of their path, as often as
    its list has answers.
    """

    def __init__(self, folder: Path, modules: Path) -> None:
        self.folder = folder
        self.jobsets: dict[str, Document] = {}
        self.refuse: dict[tuple[str, str], list[Answer]] = {}
        self.pending = False
        self._modules = modules
        self._hosts: dict[str, list[_Host]] = {}
        self._authority = trustme.CA()
        self.account = folder / "account"
        self.account.mkdir(parents=True)
        (self.account / "namespace").write_text(NAMESPACE)
        (self.account / "token").write_text(TOKEN)
        self._authority.cert_pem.write_to_path(str(self.account / "ca.crt"))

    def tls(self) -> ssl.SSLContext:
        """Return the context of the server, which the account's certificate trusts."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    def answer(self, request: Request) -> Answer:
        """Answer as the API server does."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer({"message": "Unauthorized"}, 401)
        *_, kind = parts = request.parts
        waiting = self.refuse.get((request.method, kind), [])
        if waiting:
            return waiting.pop(0)
        if request.method == "POST":
            return Answer(self._start(request.body), 201)
        name = parts[-1]
        if "jobsets" in parts and request.method == "DELETE":
            self.stop(name)
            return Answer(self.jobsets.pop(name))
        if "jobsets" in parts and name in self.jobsets:
            return Answer(self._jobset(name))
        if "jobs" in parts:
            condition = {"type": "Failed", "status": "True", "message": "Job was too long"}
            return Answer({"status": {"conditions": [condition]}})
        if name == "log":
            return Answer(self._of_pod(parts[-2]).log())
        if name == "pods":
            wanted = request.query["labelSelector"].partition("=")[2]
            return Answer({"items": [host.pod() for host in self._hosts[wanted]]})
        if name == "launcher":
            return Answer({"metadata": {"name": name, "uid": "1-2-3"}})
        return Answer({"message": f"{name} not found"}, 404)

    def stop(self, name: str) -> None:
        """End the hosts of the JobSet `name`."""
        for host in self._hosts[name]:
            while not self.pending and host.phase() == "Pending":
                time.sleep(0.02)
            host.stop()

    def _start(self, jobset: Document) -> Document:
        name = f"{jobset['metadata']['generateName']}abcde"
        jobset["metadata"]["name"] = name
        self.jobsets[name] = jobset
        job = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]
        made = [
            _Host(name, rank, job["template"], self.folder, self._modules)
            for rank in range(job["completions"])
        ]
        self._hosts[name] = made
        if not self.pending:
            threading.Thread(target=_run_all, args=(made,), daemon=True).start()
        return jobset

    def _jobset(self, name: str) -> Document:
        codes = [host.code() for host in self._hosts[name]]
        kind = "Failed" if any(codes) else "Completed" if codes == [0] * len(codes) else ""
        done = kind and None not in codes
        conditions = [{"type": kind, "status": "True", "message": "so it is"}] if done else []
        return {**self.jobsets[name], "status": {"conditions": conditions}}

    def _of_pod(self, pod: str) -> "_Host":
        return next(h for hosts in self._hosts.values() for h in hosts if h.name == pod)


def _run_all(hosts: list["_Host"]) -> None:
    """Run them at once, and end all others when one has failed, as a Job does."""
    for host in hosts:
        host.start()
    while any(host.code() is None for host in hosts):
        if any(host.code() for host in hosts):
            for host in hosts:
                host.stop()
        time.sleep(0.02)


class _Host:
    """The pod of one host: a program of this machine."""

    def __init__(
        self, jobset: str, rank: int, template: Document, folder: Path, modules: Path
    ) -> None:
        self.name = f"{jobset}-hosts-0-{rank}-vwxyz"
        self._labels = {
            "jobset.sigs.k8s.io/jobset-name": jobset,
            "batch.kubernetes.io/job-completion-index": str(rank),
        }
        self._container = template["spec"]["containers"][0]
        self._folder = folder / self.name
        self._folder.mkdir()
        self._message = self._folder / "termination-log"
        self._message.touch()
        self._modules = modules
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = ""

    def start(self) -> None:
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _STEP, *map(_plain, self._container["args"])],
                env=self._environment(),
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def code(self) -> int | None:
        code = None if self._process is None else self._process.poll()
        if code is not None and not self._ended:
            self._ended = f"2026-01-01T00:00:{time.monotonic() % 60:09.6f}Z"
        return 128 - code if code is not None and code < 0 else code

    def phase(self) -> str:
        return "Pending" if self._process is None else "Running"

    def log(self) -> str:
        while self._process is not None and self._process.poll() is None:
            time.sleep(0.02)
        return (self._folder / "log").read_text()

    def pod(self) -> Document:
        code = self.code()
        status: Document = {"phase": self.phase()}
        if self._process is None:
            why = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}
            status["conditions"] = [why]
        if code is not None:
            ended = {"exitCode": code, "message": self._message.read_text(), "reason": "Error"}
            state = {"terminated": {**ended, "finishedAt": self._ended}}
            status["containerStatuses"] = [{"name": "main", "state": state}]
        return {"metadata": {"name": self.name, "labels": self._labels}, "status": status}

    def _environment(self) -> dict[str, str]:
        """Return the variables as the kubelet makes them: one may be made of those before it."""
        made = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "PYTHONPATH": str(self._modules),
            "HEADRACE_TERMINATION_LOG": str(self._message),
            "JOB_COMPLETION_INDEX": self._labels["batch.kubernetes.io/job-completion-index"],
        }
        for variable in self._container["env"]:
            if "value" in variable:
                made[variable["name"]] = _expanded(variable["value"], made)
            else:
                field = variable["valueFrom"]["fieldRef"]["fieldPath"]
                label = re.fullmatch(r"metadata\.labels\['(.+)'\]", field)
                assert label
                made[variable["name"]] = self._labels[label[1]]
        made["MASTER_ADDR"] = "127.0.0.1"  # there is no DNS for names of pods
        return made


def _plain(text: str) -> str:
    return _expanded(text, {})


def _expanded(text: str, values: dict[str, str]) -> str:
    """Return `text` with `$(NAME)` replaced and `$$` halved, as Kubernetes does."""

    def replaced(match: "re.Match[str]") -> str:
        if match[0] == "$$":
            return "$"
        return values.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", replaced, text)
