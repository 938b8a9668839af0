"""A page of `docs/` about settings: a module, examples of configurations, parts of manifests."""

import re
import textwrap
from pathlib import Path

from headrace.compiler import driver

DOCS = Path(__file__).resolve().parent.parent / "docs"


class SettingsPage:
    """The page `name`: its text, its examples by name, and what it shows of their manifests."""

    def __init__(self, name: str) -> None:
        """Read the page."""
        self.text = (DOCS / name).read_text(encoding="utf-8")
        self.module = self.text.partition("<!-- module -->\n```python\n")[2].partition("```")[0]
        self.examples: dict[str, str] = dict(
            re.findall(r"<!-- example: (\w+) -->\n```toml\n(.*?)```\n", self.text, re.DOTALL)
        )
        self.excerpts: list[tuple[str, str, str]] = re.findall(
            r"<!-- shows: (\w+) (\w+) -->\n```\w+\n(.*?)```\n", self.text, re.DOTALL
        )

    def check_every_block_is_tried(self) -> None:
        """See that no block of code stands outside of the comments that have it tried."""
        assert len(self.examples) == self.text.count("```toml\n")
        assert len(self.excerpts) == self.text.count("<!-- shows:")
        blocks = self.text.count("```yaml\n") + self.text.count("```python\n")
        assert len(self.excerpts) + 1 == blocks

    def emitted(self, name: str, target: str, folder: Path) -> tuple[driver.Compilation, str]:
        """Compile the example `name` in `folder`; return the manifests for `target` as one text."""
        (folder / "headrace.toml").write_text(self.examples[name])
        (folder / "digits.py").write_text(self.module)
        compilation = driver.compile_source(folder / "digits.py")
        files = driver.emit(compilation, [target])
        return compilation, "".join(file.text for file in files.get(target, ()))

    def refusals(self, name: str) -> dict[str, str]:
        """Return the code with which each target refuses the example `name`, if one does."""
        found = r"^# (\w+) refuses: (HR\d{3})$"
        return dict(re.findall(found, self.examples[name], re.MULTILINE))

    def check_excerpt(self, name: str, target: str, excerpt: str, folder: Path) -> None:
        """See that the lines of `excerpt` stand in the manifest, wherever they are indented to."""
        _, text = self.emitted(name, target, folder)
        lines = [line.strip() for line in text.splitlines()]
        wanted = [line.strip() for line in textwrap.dedent(excerpt).splitlines()]
        places = [i for i, line in enumerate(lines) if line == wanted[0]]
        assert any(lines[i : i + len(wanted)] == wanted for i in places)
