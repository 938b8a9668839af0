"""Whether a program can import the file to compile: a manifest names it as a module."""

import keyword
import sys
from pathlib import Path

from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import is_file, is_folder
from headrace.compiler.frontend.project import Project
from headrace.compiler.source import Span


def check_importable(project: Project, sink: Sink) -> bool:
    """Whether steps can import the file of `project` by its name; if not, HR107 is reported."""
    file, root = project.file, project.import_root
    found = _misnamed(file.relative_to(root)) or _shadowing(root)
    if found is None:
        return True
    message, hint = found
    shown = file.relative_to(root).as_posix()
    start = Span(path=shown, line=1, column=1, end_line=1, end_column=1)
    sink.report("HR107", message, start, hint=hint)
    return False


def _misnamed(file: Path) -> tuple[str, str] | None:
    """Return what is wrong with the name of `file`, relative to the import root, and a way out."""
    if file.suffix != ".py":
        return f"`{file.name}` has no ending `.py`, so that no program can import it", "add `.py`"
    *folders, last = file.with_suffix("").parts
    for part in [*folders, *([] if folders and last == "__init__" else [last])]:
        kind = "folder" if part in folders else "file"
        rename = f"rename the {kind}: letters, digits and underscores, as in `my_pipeline`"
        if not part.isidentifier():
            return f"no program can import `{part}`, which is not a Python name", rename
        if keyword.iskeyword(part):
            return f"no program can import `{part}`, which is a keyword", rename
    first = (*folders, last)[0]
    if first in sys.stdlib_module_names or first in ("__main__", "headrace"):
        owner = "headrace itself" if first == "headrace" else "Python"
        kind = "folder" if folders else "file"
        return f"`{first}` is the name of a module of {owner}", f"rename the {kind}"
    return None


def _shadowing(root: Path) -> tuple[str, str] | None:
    """Return what stands in `root` in the place of the shim that runs each step."""
    inside = root / "headrace"
    for rival in (root / "headrace.py", inside / "__init__.py", inside / "runtime"):
        if is_file(rival) or is_folder(rival):
            name = "headrace.py" if rival.parent == root else "headrace/"
            message = f"`{name}` stands beside it, and would be imported in place of headrace"
            return message, f"rename `{name}`, or move it to another folder"
    return None
