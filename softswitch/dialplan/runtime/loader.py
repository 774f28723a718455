"""Loads flows from folders of Python files, by path and without making them a package.

A file that cannot be loaded is a list of faults, never an exception: whoever asked keeps what he has. Each load makes
new modules from the text as it is now, so that calls in progress finish on the code they began with; nothing is
written beside the files.
"""

import inspect
import itertools
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from softswitch.base.errors import Fault
from softswitch.dialplan.flows import Flow, is_flow, note_source

MODULE_PREFIX = "softswitch_dialplan_"
"""How modules of flows are called, so that their lines are known from all others."""

_versions = itertools.count(1)


def shipped_directory() -> Path:
    """The folder of the dialplans that come with the switch: in a checkout `dialplans/`, in a wheel inside it."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "_examples" / "dialplans"
    return installed if installed.is_dir() else package.parent / "dialplans"


def load_flows(directories: Sequence[str | Path]) -> tuple[dict[str, Flow], list[Fault]]:
    """All flows by name, and every fault. In the order of `directories` the first to have a flow's name wins.

    Those of a folder within, a project's own, have its name in front: "acme.hotline".
    """
    flows: dict[str, Flow] = {}
    faults: list[Fault] = []
    for directory in map(Path, directories):
        found, wrong = _load_directory(directory)
        faults += wrong
        for folder in sorted(directory.iterdir()) if directory.is_dir() else []:
            if folder.is_dir() and not folder.name.startswith((".", "_")):
                own, wrong = _load_directory(folder)
                faults += wrong
                found |= {f"{folder.name}.{name}": function for name, function in own.items()}
        flows = {**found, **flows}
    return flows, faults


def _load_directory(directory: Path) -> tuple[dict[str, Flow], list[Fault]]:
    flows: dict[str, Flow] = {}
    origin: dict[str, Path] = {}
    faults: list[Fault] = []
    for path in sorted(directory.glob("*.py")) if directory.is_dir() else []:
        found, wrong = _load_file(path)
        faults += wrong
        for name, function in found.items():
            if name in origin:
                remedy = "Rename one of the two"
                faults.append(Fault(str(path), name, f"{origin[name].name} has a flow of this name as well", remedy))
                continue
            flows[name] = function
            origin[name] = path
    return flows, faults


def _load_file(path: Path) -> tuple[dict[str, Flow], list[Fault]]:
    module = ModuleType(f"{MODULE_PREFIX}{path.stem}_{next(_versions)}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and typing look their module up while it is executed
    try:
        source = path.read_bytes()
        note_source(module.__dict__, source)
        exec(compile(source, str(path), "exec"), module.__dict__)
    except SyntaxError as error:
        place = f"{error.filename or path}:{error.lineno or 0}"
        return {}, [Fault(place, path.stem, f"is not Python: {error.msg}", "Mend the line")]
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        place = f"{path}:{lines[-1]}" if lines else str(path)
        reason = f"fails while it is loaded: {type(error).__name__}: {error}"
        return {}, [Fault(place, path.stem, reason, "Mend the line" if lines else "Mend the file")]
    finally:
        del sys.modules[module.__name__]
    return _flows_of(module, path)


def _flows_of(module: ModuleType, path: Path) -> tuple[dict[str, Flow], list[Fault]]:
    flows: dict[str, Flow] = {}
    faults: list[Fault] = []
    for name, value in vars(module).items():
        if not is_flow(value) or value.__module__ != module.__name__:
            continue
        if _takes_a_call(value):
            flows[name] = value
            continue
        code = getattr(value, "__code__", None)
        place = str(path) if code is None else f"{path}:{code.co_firstlineno}"
        faults.append(
            Fault(
                place,
                name,
                "is no flow",
                "Write `async def` with one parameter, the call; more only after *, with defaults",
            )
        )
    return flows, faults


def _takes_a_call(value: Flow) -> bool:
    """Whether it can be awaited with the call alone; what else it takes has a name and a default (`Call.run`)."""
    if not inspect.iscoroutinefunction(value):
        return False
    parameters = list(inspect.signature(value).parameters.values())
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return (
        bool(parameters)
        and parameters[0].kind in positional
        and all(
            each.kind is inspect.Parameter.KEYWORD_ONLY and each.default is not inspect.Parameter.empty
            for each in parameters[1:]
        )
    )
