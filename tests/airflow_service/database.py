"""PostgreSQL as Debian packages it, with a data folder and a port of its own."""

import shutil
import subprocess
from pathlib import Path

from airflow_service.settings import DATABASE, HOST, Settings

PACKAGE = "postgresql"
USER = "postgres"
"""The user that Debian's package makes: the server does not run as root."""


class DatabaseFailed(RuntimeError):
    """The database cannot be made; the text has what its program wrote."""


def program(name: str) -> str | None:
    """Return the newest version of PostgreSQL's program `name`, which Debian keeps off the PATH."""
    there = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(there, key=lambda path: int(path.parent.parent.name), default=None)
    return None if newest is None else str(newest)


def make(settings: Settings) -> None:
    """Make the data folder.

    Raises:
        DatabaseFailed: it cannot be made.
    """
    folder = _folder(settings)
    folder.mkdir(mode=0o700, parents=True)
    shutil.chown(folder, USER, USER)
    password = folder.parent / "password"
    password.write_text(settings.password)
    password.chmod(0o600)
    shutil.chown(password, USER, USER)
    _run(
        *(str(program("initdb")), f"--pgdata={folder}", f"--username={DATABASE}"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        *("--auth=scram-sha-256", f"--pwfile={password}"),
    )
    password.unlink()


def command(settings: Settings) -> list[str]:
    """Return what starts the server. What it holds is lost with the machine, and may be."""
    options = {
        "listen_addresses": HOST,
        "port": str(settings.database_port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    given = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
    return [str(program("postgres")), "-D", str(_folder(settings)), *given]


def is_ready(settings: Settings) -> bool:
    """Whether the server takes connections."""
    ask = [str(program("pg_isready")), f"--host={HOST}", f"--port={settings.database_port}"]
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0


def create(settings: Settings) -> None:
    """Create the database in the server, which runs.

    Raises:
        DatabaseFailed: it cannot be created.
    """
    _run(
        *(str(program("createdb")), f"--host={HOST}", f"--port={settings.database_port}"),
        *(f"--username={DATABASE}", "--no-password", DATABASE),
        password=settings.password,
    )


def _folder(settings: Settings) -> Path:
    return settings.folder / "database" / "data"


def _run(*command: str, password: str = "") -> None:
    done = subprocess.run(
        command,
        env={"PATH": "/usr/bin:/bin", "PGPASSWORD": password},
        cwd="/",
        user=USER,
        group=USER,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatabaseFailed(f"{command[0]}: {done.stderr}")
