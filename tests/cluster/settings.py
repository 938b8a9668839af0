"""The settings of the cluster's programs, as files in its folder and as command lines.

They let a cluster run where the machine is itself a container: cgroups of version 1 or 2, nobody
who may raise a limit (no CAP_SYS_RESOURCE), and no registry of images.
"""

import json
import secrets
import socket
import subprocess
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cluster.images import PAUSE
from cluster.server import Document, service_here

NODE = "node"
PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
DNS = "10.96.0.10"
"""The address of the Service by which pods reach the cluster's DNS."""

DOMAIN = "cluster.local"
BRIDGE = "headrace0"

KUBECONFIG = "kubeconfig"
LOGS = "logs"
CONTAINERD_SOCKET = "containerd.sock"
"""Files in the folder of a cluster that others look for."""

_PORTS = (
    "etcd",
    "etcd-peers",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kubelet-health",
    "kube-proxy",
    "kube-proxy-metrics",
    "coredns",
    "coredns-ready",
)


@dataclass
class Settings:
    """What the programs in `programs` need to run with all their files in `folder`."""

    folder: Path
    programs: Path
    address: str = field(default_factory=lambda: _own_address())
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    ports: dict[str, int] = field(default_factory=lambda: _own_ports())

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://{self.address}:{self.ports['kube-apiserver']}"

    @property
    def certificate(self) -> Path:
        """The certificate of the API server, which it makes when it starts."""
        return self.folder / "certificates" / "apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """What kubectl and the clients read: the way in, for one who may do everything."""
        return self.folder / KUBECONFIG

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.folder / CONTAINERD_SOCKET

    @property
    def logs(self) -> Path:
        """The folder with what each program writes."""
        return self.folder / LOGS

    def write(self) -> None:
        """Write all files that are known before the API server has started."""
        for name in ("certificates", "network", LOGS):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "tokens.csv").write_text(f"{self.token},tester,tester,system:masters\n")
        (self.folder / "containerd.toml").write_text(self._containerd())
        (self.folder / "Corefile").write_text(self._corefile())
        _write_json(self.folder / "network" / "bridge.conflist", self._network())
        _write_json(self.folder / "kubelet.json", self._kubelet())
        _write_json(self.folder / "kube-proxy.json", self._kube_proxy())
        _make_keys(self.folder)

    def write_kubeconfig(self) -> None:
        """Write the kubeconfig, which holds the certificate of the API server."""
        authority = b64encode(self.certificate.read_bytes()).decode()
        cluster = {"server": self.server, "certificate-authority-data": authority}
        _write_json(
            self.kubeconfig,
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "headrace-test", "cluster": cluster}],
                "users": [{"name": "tester", "user": {"token": self.token}}],
                "contexts": [
                    {
                        "name": "headrace-test",
                        "context": {"cluster": "headrace-test", "user": "tester"},
                    }
                ],
                "current-context": "headrace-test",
            },
        )
        self.kubeconfig.chmod(0o600)

    def command(self, name: str) -> list[str]:
        """Return the command line of the program `name`."""
        if name == "containerd":
            return ["containerd", f"--config={self.folder / 'containerd.toml'}"]
        options: dict[str, Callable[[], list[str]]] = {
            "etcd": self._etcd_options,
            "kube-apiserver": self._apiserver_options,
            "kube-controller-manager": self._controllers_options,
            "kube-scheduler": lambda: self._client_options("kube-scheduler"),
            "kube-proxy": lambda: [f"--config={self.folder / 'kube-proxy.json'}"],
            "kubelet": self._kubelet_options,
            "coredns": lambda: [f"-conf={self.folder / 'Corefile'}"],
        }
        program = "server" if name == "etcd" else name
        return [str(self.programs / program), *options[name]()]

    def _etcd_options(self) -> list[str]:
        clients = f"http://127.0.0.1:{self.ports['etcd']}"
        peers = f"http://127.0.0.1:{self.ports['etcd-peers']}"
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
        ]

    def _apiserver_options(self) -> list[str]:
        return [
            f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}",
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={self.ports['kube-apiserver']}",
            f"--cert-dir={self.certificate.parent}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.folder / 'service-accounts.key'}",
            f"--service-account-signing-key-file={self.folder / 'service-accounts.key'}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICES}",
            f"--kubelet-client-certificate={self.folder / 'kubelet-client.crt'}",
            f"--kubelet-client-key={self.folder / 'kubelet-client.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged",
        ]

    def _controllers_options(self) -> list[str]:
        return [
            *self._client_options("kube-controller-manager"),
            f"--root-ca-file={self.certificate}",
            f"--service-account-private-key-file={self.folder / 'service-accounts.key'}",
            # Further nodes of tests have no kubelet that says that it is alive.
            "--node-monitor-grace-period=24h",
        ]

    def _kubelet_options(self) -> list[str]:
        return [
            f"--config={self.folder / 'kubelet.json'}",
            f"--kubeconfig={self.kubeconfig}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'certificates'}",
            f"--node-ip={self.address}",
            f"--hostname-override={NODE}",
        ]

    def _client_options(self, name: str) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports[name]}",
            f"--cert-dir={self.folder / 'certificates' / name}",
        ]

    def _containerd(self) -> str:
        # An overlay cannot lie on an overlay, which is what a container's own files are on.
        snapshotter = "native" if _file_system(self.folder) == "overlayfs" else "overlayfs"
        return f"""\
version = 2
root = "{self.folder}/containerd"
state = "{self.folder}/containerd-state"

[grpc]
address = "{self.containerd_socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "{self.folder}/containerd-opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "{snapshotter}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{self.folder}/network"
"""

    def _network(self) -> dict[str, object]:
        bridge = {
            "type": "bridge",
            "bridge": BRIDGE,
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "dataDir": f"{self.folder}/addresses",
                "ranges": [[{"subnet": PODS}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "1.0.0", "name": "headrace", "plugins": [bridge, ports]}

    def _kubelet(self) -> dict[str, object]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.address,
            "port": self.ports["kubelet"],
            "healthzBindAddress": "127.0.0.1",
            "healthzPort": self.ports["kubelet-health"],
            "containerRuntimeEndpoint": f"unix://{self.containerd_socket}",
            "clusterDNS": [DNS],
            "clusterDomain": DOMAIN,
            "podLogsDir": f"{self.folder}/pod-logs",
            "volumePluginDir": f"{self.folder}/volume-plugins",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": f"{self.folder}/kubelet-client.crt"},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [],
            "featureGates": {"KubeletInUserNamespace": True},
            "failSwapOn": False,
            "localStorageCapacityIsolation": False,
            "makeIPTablesUtilChains": False,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "50Mi"},
            "eventRecordQPS": 0,
        }

    def _corefile(self) -> str:
        resolver = Path("/etc/resolv.conf")
        known = resolver.exists() and "\nnameserver" in f"\n{resolver.read_text()}"
        return f"""\
.:{self.ports["coredns"]} {{
    bind {self.address}
    errors
    ready 127.0.0.1:{self.ports["coredns-ready"]}
    kubernetes {DOMAIN} in-addr.arpa ip6.arpa {{
        kubeconfig {self.kubeconfig}
        fallthrough in-addr.arpa ip6.arpa
    }}
    {f"forward . {resolver}" if known else "# this machine knows no other DNS"}
}}
"""

    def dns_objects(self) -> list[Document]:
        """Return the Service of the cluster's DNS, and where it leads: out of the cluster."""
        ports = {"dns": "UDP", "dns-tcp": "TCP"}
        return service_here(
            {"name": "kube-dns", "namespace": "kube-system"},
            {
                "clusterIP": DNS,
                "ports": [{"name": n, "protocol": p, "port": 53} for n, p in ports.items()],
            },
            self.address,
            self.ports["coredns"],
        )

    def _kube_proxy(self) -> dict[str, object]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(self.kubeconfig)},
            "hostnameOverride": NODE,
            "mode": "iptables",
            "iptables": {"localhostNodePorts": False},
            "clusterCIDR": PODS,
            "healthzBindAddress": f"127.0.0.1:{self.ports['kube-proxy']}",
            "metricsBindAddress": f"127.0.0.1:{self.ports['kube-proxy-metrics']}",
            # Limits of the kernel, which a container may not set.
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
        }


def make_certificate(folder: Path, name: str) -> None:
    """Write `tls.crt`, which signs itself, and `tls.key` of the server `name` into `folder`."""
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "365"]
    request += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    request += ["-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"]
    subprocess.run(request, check=True, capture_output=True)


def _make_keys(folder: Path) -> None:
    """Make the key of service accounts, and the certificate that a kubelet knows its caller by."""
    key, caller = folder / "service-accounts.key", folder / "kubelet-client"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "365"]
    request += ["-subj", "/O=system:masters/CN=kube-apiserver", "-addext"]
    request += ["extendedKeyUsage=clientAuth", "-keyout", f"{caller}.key", "-out", f"{caller}.crt"]
    subprocess.run(request, check=True, capture_output=True)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


def _file_system(folder: Path) -> str:
    query = ["stat", "--file-system", "--format=%T", str(folder)]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()


def _own_address() -> str:
    """Return the address from which this machine would reach others: a kubelet refuses loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        return str(probe.getsockname()[0])


def _own_ports() -> dict[str, int]:
    return free_ports(_PORTS)


def free_ports(names: Sequence[str]) -> dict[str, int]:
    """Return a port for each of `names` on which nothing listens."""
    probes = [socket.create_server(("", 0)) for _ in names]
    ports = {name: probe.getsockname()[1] for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports
