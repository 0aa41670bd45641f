"""The shape of the code: imports point one way, and importing does nothing."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP_FOLDERS = ("functions", "shared")
FOLDERS = (*APP_FOLDERS, "local", "tests", "infra")
SDK = frozenset({"msgraph", "msgraph_core", "kiota_abstractions", "kiota_authentication_azure", "kiota_http"})
# Modules of `shared` that import nothing of ours, but one another, and that every folder may import.
LEAVES = frozenset({"shared", "shared.errors", "shared.ids", "shared.trace_context", "shared.redaction"})
# Which folders of `shared` a folder may import from, beside itself and the leaves.
MAY_IMPORT: dict[str, set[str]] = {
    "validation": set(),
    "meeting_request": {"validation"},
    "access": {"validation"},
    "settings": {"access", "validation"},
    "storage": {"settings"},
    "meeting": {"storage", "validation", "meeting_request"},
    "graph": {"meeting", "meeting_request", "settings", "validation"},
    "schedules": {"meeting", "meeting_request", "storage", "validation"},
    "throttling": {"graph", "storage", "validation"},
    "use_cases": {
        "access",
        "graph",
        "meeting",
        "meeting_request",
        "schedules",
        "settings",
        "storage",
        "throttling",
        "validation",
    },
    "openapi": {"meeting", "meeting_request", "schedules", "use_cases", "validation"},
    "cli": {
        "graph",
        "meeting",
        "meeting_request",
        "schedules",
        "settings",
        "storage",
        "throttling",
        "use_cases",
        "validation",
    },
}
READERS_OF_THE_ENVIRONMENT = {"shared.settings.environment"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "core", "misc", "base", "info"}


@dataclass(frozen=True)
class Module:
    """One file of ours, and what it imports."""

    name: str
    source: str
    is_package: bool

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python parses it: when a test asks, not when the tests are collected."""
        return ast.parse(self.source)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every module imported anywhere in the file; for `from a import b` both `a` and `a.b`."""
        return frozenset(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                package = self.name if self.is_package else self.name.rpartition(".")[0]
                parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*parents, *([node.module] if node.module else [])])
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def imports_any(self, names: frozenset[str] | set[str]) -> set[str]:
        """Return those of the names that the file imports, or something in them."""
        return {name for name in names for module in self.imports if module == name or module.startswith(f"{name}.")}

    def within(self, *names: str) -> bool:
        """Return whether the module is one of these, or in one of them."""
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)


def _modules() -> Iterator[Module]:
    files = [ROOT / "function_app.py"]
    for folder in FOLDERS:
        files += (file for file in (ROOT / folder).rglob("*.py") if "node_modules" not in file.parts)
    for file in sorted(files):
        parts = file.relative_to(ROOT).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        yield Module(name, file.read_text(encoding="utf-8"), package)


MODULES = list(_modules())
APP = [module for module in MODULES if module.within("function_app", *APP_FOLDERS)]


def test_the_app_is_seen() -> None:
    """These tests look at the app's files, and read imports as Python does."""
    names = {module.name for module in APP}
    assert {
        "function_app",
        "functions",
        "functions.create_meeting",
        "shared.use_cases.acceptance",
        "shared.graph.client",
    } <= names
    [acceptance] = [module for module in APP if module.name == "shared.use_cases.acceptance"]
    assert acceptance.imports_any({"shared.meeting.ledger"})
    sample = Module("shared.a.b", "from . import c\nfrom ..d import e\nfrom .f import g\nimport h.i", is_package=False)
    assert sample.imports == {"shared.a", "shared.a.c", "shared.d", "shared.d.e", "shared.a.f", "shared.a.f.g", "h.i"}


def _folder(name: str) -> str | None:
    """Return the folder of `shared` that a module lies in, None for what lies elsewhere or directly in `shared`."""
    parts = name.split(".")
    return parts[1] if parts[0] == "shared" and len(parts) > 1 and parts[1] in MAY_IMPORT else None


def test_every_folder_has_its_rule() -> None:
    """The rule names each folder of `shared`, and nothing else lies there but the leaves and bootstrap."""
    folders = {path.parent.name for path in (ROOT / "shared").glob("*/__init__.py")}
    assert folders == set(MAY_IMPORT)
    files = {f"shared.{path.stem}" for path in (ROOT / "shared").glob("*.py")} - {"shared.__init__"}
    assert files == (LEAVES - {"shared"}) | {"shared.bootstrap"}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_follow_the_rule(folder: str) -> None:
    """A folder imports from the folders that the rule gives it, also inside functions."""
    allowed = MAY_IMPORT[folder] | {folder}
    found = {
        (module.name, name)
        for module in APP
        if _folder(module.name) == folder
        for name in module.imports
        if name.startswith("shared.") and name not in LEAVES and not _within_a_leaf(name)
        if _folder(name) not in allowed
    }
    assert not found


def _within_a_leaf(name: str) -> bool:
    return (name.rpartition(".")[0] in LEAVES and name.rpartition(".")[2][:1].isupper()) or any(
        name.startswith(f"{leaf}.") for leaf in LEAVES - {"shared"}
    )


def test_no_circle_among_modules() -> None:
    """No module of the app imports itself by way of others, imports inside functions included."""
    names = {module.name for module in APP}
    graph = {module.name: {name for name in module.imports if name in names and name != module.name} for module in APP}
    # `from a.b import c` runs a/b/__init__.py, but a package that hands on its own modules' names is no circle.
    packages = {module.name for module in APP if module.is_package}
    for name in graph:
        graph[name] -= {package for package in packages if name.startswith(f"{package}.")}
    circles: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            circles.append([*path[path.index(name) :], name])
        elif name not in done:
            for imported in sorted(graph[name]):
                visit(imported, [*path, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    assert not circles


def test_nothing_shared_imports_triggers() -> None:
    """Imports point from the triggers to the use cases, and never back."""
    found = {
        module.name: module.imports_any({"functions", "function_app"}) for module in APP if module.within("shared")
    }
    assert not any(found.values()), found


def test_the_plan_of_shared_fits_on_a_screen() -> None:
    """At most 17 folders and modules: a new one has a place in one of them."""
    entries = {path.relative_to(ROOT / "shared").parts[0] for path in (ROOT / "shared").rglob("*.py")} - {"__init__.py"}
    assert len(entries) <= 17, sorted(entries)


def test_only_triggers_import_azure_functions() -> None:
    """The use cases do not know what calls them."""
    found = {module.name for module in APP if module.imports_any({"azure.functions"})}
    assert all(name == "function_app" or name.startswith("functions.") for name in found), found
    assert found


def test_only_the_graph_folder_imports_the_sdk() -> None:
    """The Graph SDK stays behind one folder."""
    found = {module.name for module in APP if module.imports_any(SDK)}
    assert all(name.startswith("shared.graph.") for name in found), found
    assert found


def test_only_the_command_line_imports_its_libraries() -> None:
    """No function pays for what only people at a terminal need."""
    found = {module.name for module in APP if module.imports_any({"typer", "rich", "stamina"})}
    assert all(name.startswith("shared.cli.") for name in found), found
    assert found
    users = {module.name for module in APP if module.imports_any({"shared.cli"})}
    assert all(name.startswith("shared.cli") for name in users), users


def test_the_app_imports_neither_stand_ins_nor_tests() -> None:
    """What runs in Azure needs nothing of what stands in for it here."""
    found = {module.name: module.imports_any({"local", "tests"}) for module in APP}
    assert not any(found.values()), found


def test_stand_ins_do_not_import_tests() -> None:
    """The local stack runs without the tests."""
    found = {module.name for module in MODULES if module.within("local") and module.imports_any({"tests"})}
    assert not found


def test_leaves_stand_alone() -> None:
    """What every folder may import imports nothing of ours but other leaves."""
    found = {
        (module.name, name)
        for module in APP
        if module.name in LEAVES
        for name in module.imports
        if name.split(".")[0] in {"shared", "functions"} and name not in LEAVES and not _within_a_leaf(name)
    }
    assert not found


def test_only_bootstrap_builds_on_bootstrap() -> None:
    """Clients are built in one place, and only triggers ask for them."""
    found = {module.name for module in APP if module.imports_any({"shared.bootstrap"})}
    assert all(name.startswith("functions.") for name in found), found


def test_the_environment_is_read_in_few_places() -> None:
    """Settings come from one reader, App Service's own variables among them."""
    found = {
        module.name
        for module in APP
        if module.imports_any({"os.environ", "os.getenv", "os.environb"})
        or any(
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
            for node in ast.walk(module.tree)
        )
    }
    assert found <= READERS_OF_THE_ENVIRONMENT


def test_names_say_what_a_module_is() -> None:
    """No module has a name under which anything could be put."""
    found = {module.name for module in MODULES if FORBIDDEN_NAMES & set(module.name.split("."))}
    assert not found


def test_a_use_case_has_one_name() -> None:
    """Each use case that bootstrap builds has the module of its name, and `App` has it under that name."""
    [bootstrap] = [module for module in APP if module.name == "shared.bootstrap"]
    homes = {
        node.name: module.name
        for module in APP
        if module.within("shared.use_cases")
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
    }
    imported = {
        alias.name
        for node in bootstrap.tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared.use_cases.")
        for alias in node.names
    }
    assert imported <= homes.keys()
    assert {name: homes[name] for name in imported if homes[name].rpartition(".")[2] != _snake_case(name)} == {}
    [app] = [node for node in bootstrap.tree.body if isinstance(node, ast.ClassDef) and node.name == "App"]
    attributes = {
        each.annotation.id: each.target.id
        for each in app.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.annotation, ast.Name)
        and isinstance(each.target, ast.Name)
    }
    assert attributes.keys() & imported
    assert {name: attribute for name, attribute in attributes.items() if attribute != _snake_case(name)} == {}


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("package", [module for module in APP if module.is_package], ids=lambda module: module.name)
def test_a_package_lists_what_it_has(package: Module) -> None:
    """A table in a package's docstring names its modules, or what it exports; with eight modules or more, all of them.

    The triggers have their table in function_app.py, the folders of `shared` in CONTRIBUTING.md.
    """
    table = re.findall(
        r"^([a-z_]+(?:, [a-z_]+)*)(?: {2,}\S|\n {2,}\S)", ast.get_docstring(package.tree) or "", re.MULTILINE
    )
    listed = {name for row in table for name in row.split(", ")}
    modules = {module.name.removeprefix(f"{package.name}.") for module in MODULES if module.within(package.name)}
    exported = {alias.name for node in package.tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert listed <= modules | exported
    own = {name for name in modules if re.fullmatch("[a-z][a-z_]*", name)}
    if len(own) >= 8 and package.name not in APP_FOLDERS:
        assert own <= listed, own - listed


def test_files_named_in_the_code_exist() -> None:
    """A docstring or comment that leads to a file leads to one that is there."""
    files = {f"/{name.replace('.', '/')}.py" for name in (module.name for module in MODULES)}
    named = {
        (module.name, path)
        for module in MODULES
        if not module.within("tests")  # they make files of their own
        for path in re.findall(r"(?<![\w./{-])[a-z_][a-z_/]*\.py\b", module.source)
    }
    assert not {each for each in named if not any(file.endswith(f"/{each[1]}") for file in files)}


def test_every_package_says_so() -> None:
    """Every folder with modules is a package, so that a module has one name."""
    ours = [module for module in MODULES if not module.within("tests")]  # where ruff sees to it
    folders = {module.name.rpartition(".")[0] for module in ours} - {""}
    packages = {module.name for module in MODULES if module.is_package}
    assert folders <= packages


_IMPORTS_EVERYTHING = """
import os, socket, sys, importlib

class Network(Exception):
    pass

touched = []

def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        touched.append(event)

sys.addaudithook(watch)

class NoSocket(socket.socket):
    def __init__(self, *arguments, **options):
        raise Network("a socket was opened")

socket.socket = NoSocket
sys.path.insert(0, os.getcwd())
for name in sys.argv[1:]:
    importlib.import_module(name)
assert not touched, touched
forbidden = {"local", "tests"} & {name.partition(".")[0] for name in sys.modules}
assert not forbidden, forbidden
print("imported")
"""


@pytest.mark.slow
def test_importing_does_nothing() -> None:
    """A fresh interpreter without a single setting imports every module of the app, and touches no network.

    A function app whose import fails loads no function at all, and nobody sees why.
    """
    command = [sys.executable, "-c", _IMPORTS_EVERYTHING, *(module.name for module in APP)]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "imported\n", done.stderr
