"""Where an Airflow of the tests keeps what, and how it is set.

What each setting does is in Airflow's configuration reference
(https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html).
"""

import json
import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from cluster.images import STEP

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = ROOT / ".venvs" / "airflow"
HOST = "127.0.0.1"
OTHERS = "others"
"""The name of the folder that runs share which have none of their own; no run is called so."""
DATABASE = "airflow"
"""The database, and the role that owns it."""

HOOK = '''\
"""What this cluster does to each pod that Airflow makes, as its administrator could.

All pods of a run see one folder, in which they make their temporary files; `pod.json` in it says
from which image they are, if not from the one asked for, in which folder they start, and which
folder of packages they have besides. Runs for which there is none see the folder `{others}`.
"""

import json
from pathlib import Path

import airflow.settings
from kubernetes.client import models

RUNS = Path({runs!r})


def pod_mutation_hook(pod):
    own = RUNS / pod.metadata.labels["run_id"]
    folder = own if own.exists() else RUNS / {others!r}
    wanted = json.loads((folder / "pod.json").read_text())
    step = pod.spec.containers[0]
    step.image = wanted["image"] or step.image
    step.working_dir = wanted["working_folder"] or step.working_dir
    step.env.append(models.V1EnvVar(name="TMPDIR", value=str(folder)))
    show(pod, "run", folder)
    if packages := wanted.get("packages"):
        step.env.append(models.V1EnvVar(name="PYTHONPATH", value=packages))
        show(pod, "packages", packages, read_only=True)


def show(pod, name, folder, read_only=False):
    mount = models.V1VolumeMount(name=name, mount_path=str(folder), read_only=read_only)
    pod.spec.containers[0].volume_mounts.append(mount)
    source = models.V1HostPathVolumeSource(path=str(folder))
    pod.spec.volumes.append(models.V1Volume(name=name, host_path=source))


# Tasks are forked from the scheduler: what all of them import is imported there, once. The operator
# takes the hook when it is imported, so that this must be set first.
airflow.settings.pod_mutation_hook = pod_mutation_hook
import airflow.dag_processing.dagbag
import airflow.providers.cncf.kubernetes.operators.pod
'''


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface on which nothing listens."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


@dataclass(frozen=True)
class Settings:
    """An Airflow in `folder` whose pods run in `namespace` of the cluster of `kubeconfig`.

    It runs up to `parallelism` tasks at once.
    """

    folder: Path
    kubeconfig: Path
    namespace: str
    parallelism: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    api_port: int = 0
    database_port: int = 0
    log_port: int = 0

    @property
    def dags(self) -> Path:
        """Where the DAG processor looks for DAG files."""
        return self.folder / "dags"

    @property
    def runs(self) -> Path:
        """Where each run has a folder, named as the run, that all its pods see."""
        return self.folder / "runs"

    @property
    def logs(self) -> Path:
        """Where the programs write what they do."""
        return self.folder / "logs"

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"http://{HOST}:{self.api_port}"

    def write(self) -> None:
        """Make the folders, and the files that Airflow reads."""
        for path in (self.dags, self.runs, self.logs, self.folder / "config"):
            path.mkdir(mode=0o711)
        hook = HOOK.format(runs=str(self.runs), others=OTHERS)
        (self.folder / "config" / "airflow_local_settings.py").write_text(hook)

    def environment(self) -> dict[str, str]:
        """Return the environment variables of all programs."""
        connection = {"conn_type": "kubernetes", "extra": self._pods()}
        options = {
            **self._core(),
            **self._servers(),
            "CONN_KUBERNETES_DEFAULT": json.dumps(connection),
        }
        return {
            "PATH": f"{ENVIRONMENT / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "AIRFLOW_HOME": str(self.folder),
            **{f"AIRFLOW_{name}": value for name, value in options.items()},
        }

    def _core(self) -> dict[str, str]:
        at = f"{DATABASE}:{self.password}@{HOST}:{self.database_port}/{DATABASE}"
        return {
            "_CORE__EXECUTOR": "LocalExecutor",
            "_CORE__PARALLELISM": str(self.parallelism),
            "_CORE__DAGS_FOLDER": str(self.dags),
            "_CORE__LOAD_EXAMPLES": "False",
            "_CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "_CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "_DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{at}",
            "_DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            # Files are written once: nothing is gained by parsing them again.
            "_DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "86400",
            "_SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            # A task that asks again after the usual 5 s, while the server still works on what it
            # asked before, is told of a violated constraint, and fails.
            "_WORKERS__EXECUTION_API_TIMEOUT": "60",
        }

    def _servers(self) -> dict[str, str]:
        return {
            "_API__HOST": HOST,
            "_API__PORT": str(self.api_port),
            "_API__BASE_URL": self.url,
            "_API__WORKERS": "1",
            "_API__SECRET_KEY": self.password,
            "_API_AUTH__JWT_SECRET": self.password,
            "_LOGGING__BASE_LOG_FOLDER": str(self.folder / "task-logs"),
            "_LOGGING__WORKER_LOG_SERVER_HOST": HOST,
            "_LOGGING__WORKER_LOG_SERVER_PORT": str(self.log_port),
        }

    def _pods(self) -> dict[str, str]:
        return {
            "kube_config_path": str(self.kubeconfig),
            "namespace": self.namespace,
            # It needs a shell, `cat`, `sleep` and `pgrep`.
            "xcom_sidecar_container_image": STEP,
        }
