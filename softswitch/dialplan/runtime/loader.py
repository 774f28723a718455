"""Loads flows from folders of Python files, by path and without making them a package.

A file that cannot be loaded is a list of faults, never an exception: whoever asked keeps what he has. Each load makes
new modules, so that calls in progress finish on the code they began with.
"""

import importlib.util
import inspect
import itertools
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from softswitch.base.errors import Fault
from softswitch.dialplan.flows import Flow, is_flow

_versions = itertools.count(1)


def shipped_directory() -> Path:
    """The folder of the dialplans that come with the switch: in a checkout `dialplans/`, in a wheel inside it."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "_examples" / "dialplans"
    return installed if installed.is_dir() else package.parent / "dialplans"


def load_flows(directories: Sequence[str | Path]) -> tuple[dict[str, Flow], list[Fault]]:
    """All flows by name, and every fault. In the order of `directories` the first to have a flow's name wins."""
    flows: dict[str, Flow] = {}
    faults: list[Fault] = []
    for directory in directories:
        found, wrong = _load_directory(Path(directory))
        faults += wrong
        flows = {**found, **flows}
    return flows, faults


def check(directories: Sequence[str | Path]) -> list[Fault]:
    """Everything that is wrong with the flows in these directories."""
    return load_flows(directories)[1]


def _load_directory(directory: Path) -> tuple[dict[str, Flow], list[Fault]]:
    flows: dict[str, Flow] = {}
    origin: dict[str, Path] = {}
    faults: list[Fault] = []
    for path in sorted(directory.glob("*.py")) if directory.is_dir() else []:
        loaded = _load_file(path)
        if isinstance(loaded, Fault):
            faults.append(loaded)
            continue
        for name, function in loaded.items():
            if name in origin:
                remedy = "Rename one of the two"
                faults.append(Fault(str(path), name, f"{origin[name].name} has a flow of this name as well", remedy))
                continue
            flows[name] = function
            origin[name] = path
    return flows, faults


def _load_file(path: Path) -> dict[str, Flow] | Fault:
    name = f"softswitch_dialplan_{path.stem}_{next(_versions)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a .py path has a loader"
    assert spec.loader is not None, "a .py path has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and typing look their module up while it is executed
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        return Fault(f"{path}:{error.lineno}", path.stem, f"is not Python: {error.msg}", "Mend the line")
    except Exception as error:
        line = next(
            (f.lineno for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename == str(path)), 0
        )
        reason = f"fails while it is loaded: {type(error).__name__}: {error}"
        return Fault(f"{path}:{line}", path.stem, reason, "Mend the line")
    finally:
        del sys.modules[name]
    return _flows_of(module, path)


def _flows_of(module: ModuleType, path: Path) -> dict[str, Flow] | Fault:
    flows: dict[str, Flow] = {}
    for name, value in vars(module).items():
        if not is_flow(value) or value.__module__ != module.__name__:
            continue
        parameters = inspect.signature(value).parameters
        if not inspect.iscoroutinefunction(value) or len(parameters) != 1:
            line = value.__code__.co_firstlineno
            return Fault(f"{path}:{line}", name, "is no flow", "Write `async def` with one parameter, the call")
        flows[name] = value
    return flows
