"""The template of the DAG file, whose compiled form is kept in the user's cache, as bytecode is."""

import contextlib
import os
import sys

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, Template
from jinja2.bccache import Bucket

from headrace.compiler.cache_folder import cache_folder
from headrace.targets.accelerators import SHARED_MEMORY_PATH, SHARED_MEMORY_VOLUME
from headrace.targets.airflow.literals import python_text


def dag_template() -> Template:
    """Return the template of the DAG file."""
    environment = Environment(
        loader=PackageLoader("headrace.targets.airflow", "."),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        bytecode_cache=_Kept(),
    )
    environment.filters["py"] = python_text
    # Globals, because a macro does not see what a template is rendered with.
    environment.globals["shared_memory_volume"] = SHARED_MEMORY_VOLUME
    environment.globals["shared_memory_path"] = SHARED_MEMORY_PATH
    return environment.get_template("dag.py.jinja2")


class _Kept(BytecodeCache):
    """Keeps bytecode if it can; jinja2 knows by checksum and version what is out of date."""

    def _path(self, bucket: Bucket) -> str:
        return os.path.join(cache_folder(), "templates", f"{bucket.key}.{sys.hexversion:x}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill `bucket` with what is kept for it, if anything is."""
        with contextlib.suppress(OSError), open(self._path(bucket), "rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what is in `bucket`."""
        path = self._path(bucket)
        unfinished = f"{path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(unfinished, "wb") as file:
                bucket.write_bytecode(file)
            os.replace(unfinished, path)
