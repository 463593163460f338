"""What leaves the room: JSON Schema for editors, the table of parameters, a resolved scenario as YAML."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from simlab.scenario import places
from simlab.scenario.behaviour import parameters
from simlab.scenario.layers import DROP
from simlab.scenario.library import Mechanism
from simlab.scenario.outcomes import OUTCOMES
from simlab.scenario.paths import ROOT, Spec
from simlab.scenario.schema import Scenario
from simlab.scenario.stages import OBSERVABLES, Condition
from simlab.scenario.yaml_lines import SCALARS


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a scenario file, as editors use it to complete and lint.

    It describes files, not resolved scenarios: `extends` and `include` are allowed, nothing that a
    base may give is required, entries of maps may be `drop`, and shorthands (texts with units,
    `[low, high]`, `complaint_rate <= 1`) are known.
    """
    schema = Scenario.model_json_schema()
    parts = schema["$defs"]
    _annotate(schema, parts, ROOT)
    file = {
        "type": "string",
        "description": "a file relative to this one, or a shipped scenario such as default",
    }
    first = {
        "extends": {**file, "title": "Extends"},
        "include": {"type": "array", "items": file, "title": "Include",
                    "description": "mechanisms laid over the base, in order; own keys come on top"},
    }  # fmt: skip
    header = Mechanism.model_json_schema()
    parts |= header.pop("$defs")
    header["properties"]["effect"] = {"anyOf": [{"const": "none"}, {"$ref": "#/$defs/Effect"}]}
    size = [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "%\\s*$"}]
    parts["Effect"]["properties"]["at_least"]["anyOf"] = size
    parts["Effect"]["properties"]["at_least"].pop("$ref", None)
    header["description"] = "makes this file a mechanism of the library, see docs/library.md"
    schema["properties"] = {**first, **schema["properties"], places.MECHANISM: header}
    del schema["required"]
    schema["title"] = "simlab scenario"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    for count in ("members", "prospects"):
        bounds = {
            key: parts["Population"]["properties"][count].pop(key) for key in ("type", "minimum", "maximum")
        }
        parts["Population"]["properties"][count]["anyOf"] = [
            bounds,
            {"type": "string", "pattern": "^[0-9,_]+$"},
        ]
    observables = {name: {"type": "string", "description": text} for name, text in OBSERVABLES.items()}
    place = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    for part in parts.values():
        for name, held in part.get("properties", {}).items():
            if held.get("items") == {"$ref": "#/$defs/Condition"}:
                part["properties"][name] = {
                    "title": held.get("title", name), "type": ["object", "null"], "additionalProperties": False,
                    "properties": observables, "patternProperties": {"^in_": place},
                    "description": "all must hold, e.g. idle: <= 45 days",
                }  # fmt: skip
    for part, word, field in (("Phase", "from", "day"), ("Alarm", "for", "days")):  # how files say it
        said = parts[part]["properties"][field].get("description", "")
        parts[part]["properties"][word] = {"type": ["integer", "string"], "description": said}
        parts[part]["required"] = [name for name in parts[part].get("required", []) if name != field]
    schema["properties"]["outcomes"]["items"] = {"enum": list(OUTCOMES)}
    parts["Constraint"]["properties"]["outcome"] = {"enum": list(OUTCOMES), "title": "Outcome"}
    text = {
        "type": "string",
        "pattern": rf"^\s*({'|'.join(OUTCOMES)})\s*[<>]=?\s*\S",
        "description": "outcome <= limit",
    }
    for name in ("constraints", "targets"):
        schema["properties"][name]["items"] = {"anyOf": [text, {"$ref": "#/$defs/Constraint"}]}
    end = {"type": ["number", "string"]}
    pair = {"type": "array", "items": end, "minItems": 2, "maxItems": 2, "description": "[low, high]"}
    ranges = {"anyOf": [pair, {"$ref": "#/$defs/Range"}, {"const": DROP}]}
    schema["properties"]["uncertainties"]["additionalProperties"] = ranges
    return schema


def parameters_markdown() -> str:
    """All behavioural parameters as a Markdown table: path, default, unit, range, source, status, meaning."""
    lines = [
        "| Parameter | Default | Unit | Plausible | Source | Status | Meaning |",
        "|---|---:|---|---|---|---|---|",
    ]
    for row in parameters():
        low, high = row["plausible"]
        span = f"{low:g} to {high:g}"
        path, default = f"`{row['path']}`", f"{row['default']:g}"
        cells = (path, default, row["unit"], span, row["source"], row["status"], row["meaning"])
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def dump_yaml(scenario: Scenario, folder: str | Path | None = None) -> str:
    """A resolved scenario as YAML that loads back to the same digest.

    Args:
        folder: where the text will be saved (default: the current folder); data files are named
            relative to it, and must lie in its project to be loaded again.
    """
    said = _shortened(scenario.model_dump(mode="json"))
    for name in ("constraints", "targets"):
        said[name] = [f"{c['outcome']} {c['op']} {c['limit']!r}" for c in said[name]]
    here = Path(folder or ".").resolve()
    for block, key in (("population", "base"), ("graph", "file")):
        if said[block][key] is not None:
            said[block][key] = Path(os.path.relpath(Path(said[block][key]).resolve(), here)).as_posix()
    if said["brand"] is not None:
        file, _, name = said["brand"].rpartition(":")
        said["brand"] = f"{Path(os.path.relpath(Path(file).resolve(), here)).as_posix()}:{name}"
    return yaml.dump(
        said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )


def _shortened(said: Any) -> Any:
    """The same with audiences in their short form, `{orders: ">= 3"}`."""
    if isinstance(said, dict):
        return {name: _shortened(value) for name, value in said.items()}
    if not isinstance(said, list) or not said or not all(_is_condition(item) for item in said):
        return [_shortened(item) for item in said] if isinstance(said, list) else said
    names = [item["observable"] for item in said]
    if len(set(names)) < len(names):  # two bounds on one observable have no short form
        return said
    return {c["observable"]: c["names"] if c["op"] == "in" else f"{c['op']} {c['value']}" for c in said}


def _is_condition(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == Condition.model_fields.keys()


def one_line(value: Any) -> str:
    """A key or a plain value (dicts and lists of scalars) as YAML on one line, read back as it is."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=True
    )
    return text.strip().removesuffix("\n...").strip()


class _Dumper(yaml.SafeDumper):
    """Quotes exactly those texts that our own reader would take for something else."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _kind, _pattern in SCALARS:
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern.pattern})\Z"), None
    )


def _annotate(node: dict[str, Any], parts: dict[str, Any], spec: Spec) -> None:
    """Add what pydantic leaves out: bounds of quantities, and `drop` in maps of blocks."""
    if spec.model is None:
        return
    for name, inner in node.get("properties", {}).items():
        below = spec.child(name)
        if below is None:
            continue
        if below.kind is not None:
            low, high = below.range()
            for choice in inner.get("anyOf", []):
                if choice.get("type") in ("number", "integer"):
                    choice |= {k: v for k, v in (("minimum", low), ("maximum", high)) if v is not None}
        if below.is_map:
            # names may be Chinese, which the patterns of many editors do not know: the loader checks them
            patterns = inner.pop("patternProperties", None)
            inner.pop("propertyNames", None)
            value = next(iter(patterns.values())) if patterns else inner.get("additionalProperties")
            if isinstance(value, dict):
                inner["additionalProperties"] = {"anyOf": [value, {"const": DROP}]}
        for choice in (inner, inner.get("items", {}), *inner.get("anyOf", [])):
            choice.pop("pattern", None)
            choice.get("items", {}).pop("pattern", None)
        entry = below.child("x") if below.is_map or below.is_list else below
        if entry is not None and entry.model is not None:
            _annotate(parts.get(entry.model.__name__, {}), parts, entry)
