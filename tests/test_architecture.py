"""The folders show the flow of data: lower modules never import higher ones, and each library has one home."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paths import ROOT

PACKAGE = ROOT / "bbquery"

# From the bottom up. A module imports only modules before it; type-only imports count. A package's name stands for its
# `__init__`. Folders on one line of docs/architecture.md do not import one another either.
ORDER = """
_version _resources _text _threads
errors
language:   grammar values session_fields nodes literals printer limits conversion_hints validation builder
            common_mistakes syntax_errors query_reader json_format parser
semantics:  duration stored_values evaluator predicates redundancy simplifier
            portable_text sort_keys layouts sql_writer sql_archive sql_json sql
planning:   urls requests html_tables plan planner
config metadata
sessions:   records decoding arrow_stream results orders
query
fields
client:     httpx_library effects settings fork_safety event_loops name_resolution socket_deadline surplus decompression
            network_settings http_transport retries http_errors listing selection operations
            creation releasing runners streams waiting asynchronous blocking
usage:      grouping periods intervals totals pricing report meter session_files file_measurement thresholds
            notifications settings
            export.extras export.tabular export.bill export.openmetrics export.metrics_server export.png export
archive:    session_times engine duckdb_connection schema metadata_maps plain_rows rows source day_files manifest
            key_columns staged_files merge query_engines selection roll_up sync reader repair archive
doctor:     facts questions examination creation
lint:       findings text_edits unknown_text rule_registry rule_pages line_index query_tokens concrete_syntax recovery
            query_document query_cursor completions
            extractors.excerpt extractors.detection extractors.assembled_text
            rules.syntax rules.service rules.logic rules.style rules.schema rules.stand_ins rules.list_parameters
            rules.assembly rules.metadata
            query_linter files.gitignore extractors.languages settings
            files.ignore_files files.discovery files.source_file files.imported_sources
            extractors.bbq extractors.embedded_text extractors.markdown extractors.page extractors.shell extractors.yaml
            extractors.inquiry extractors.quote_free_text extractors.cursor_string extractors.text extractors.notebook
            extractors.python.binding_hint extractors.python.doctests extractors.python.statements
            extractors.python.scopes extractors.python.names
            extractors.python.strings extractors.python.module_tree
            extractors.python.source_module extractors.python.helper_calls
            extractors.python.quote_free extractors.python.expressions extractors.python.list_calls
            extractors.python.metadata_calls extractors.python.marked_statements
            extractors.python.extractor
            extractors.syntax_tree
            extractors.javascript.strings extractors.javascript.source_tree extractors.javascript.bindings
            extractors.javascript.source_script extractors.javascript.helper_calls
            extractors.javascript.quote_free extractors.javascript.string_values
            extractors.javascript.metadata_objects extractors.javascript.list_calls
            extractors.javascript.extractor
            extractors.strings_only.string_forms extractors.strings_only.formats extractors.strings_only.known_values
            extractors.strings_only.node_kinds extractors.strings_only.expressions extractors.strings_only.extractor
            extractors
            reach suppressions document_linter fixes added_suppressions formatter
            checked_text project_settings linter project_files
            report baseline cache
            file_checker worker_pool runner files.writer
            reporters.text reporters.json_report reporters.junit reporters.github reporters.gitlab reporters.sarif
            reporters.services reporters
            rules files extractors.python extractors.javascript extractors.strings_only
servers:    lazy_exports host_guard local_server
emulator:   switches likeness store app damage fault_injection sample_data server
dashboard:  assets session_table session_source metadata_vocabulary view_state responses server static_export
language_server: positions client_features options documents diagnostics workspace_edits worker vocabulary
            known_vocabularies workspace predicate_sentences code_actions completion_items hovers semantic_tokens
            structure query_formats key_renames protocol server commands features connections
cli:        console output_files options app arguments lint_options check_output serving
            rendering.json_output rendering.cells rendering.session_columns rendering.tables rendering.session_list
            rendering.usage_tables rendering
            usage_request usage_output
            commands.archive commands.build commands.check commands.completion commands.create commands.dashboard
            commands.decode commands.doctor commands.emulator commands.encode commands.explain commands.fmt
            commands.lsp commands.parse commands.projects commands.release commands.rule commands.schema
            commands.session commands.sessions commands.sql commands.usage commands.wait commands
"""
LAYERS = (
    "_version _resources _text _threads",
    "errors",
    "language",
    "semantics planning config metadata",
    "sessions",
    "query",
    "fields client usage",
    "archive doctor",
    "lint",
    "servers",
    "emulator dashboard language_server",
    "cli",
)
"""What stands on one line does not import one another."""

# What imports the rest of the package lazily, or by entry point, stands above all.
ABOVE = ["emulator.pytest_plugin", "__main__"]

MAY_REPEAT = {"command", "extract", "check"}
"""Names that several modules define: each command and extractor, and the two public functions called `check`."""


def modules() -> dict[str, Path]:
    """Every module by its name within the package; a package's `__init__` by the package's."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    del found[""]
    return found


MODULES = modules()


def ordered() -> list[str]:
    names: list[str] = []
    package = ""
    for word in ORDER.split():
        if word.endswith(":"):
            if package:
                names.append(package)
            package = word[:-1]
        elif word in MODULES and "." not in word and (not package or f"{package}.{word}" not in MODULES):
            if package:
                names.append(package)
            package = ""
            names.append(word)
        else:
            names.append(f"{package}.{word}")
    return [*names, package, *ABOVE]


def imports(name: str) -> Iterator[str]:
    """The modules of ours that a module imports, anywhere in it; `` is the package root."""
    path = MODULES[name]
    package = ["bbquery", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            target = [*base, *(node.module or "").split(".")] if node.module else base
            if target[:1] != ["bbquery"]:
                continue
            for alias in node.names:
                inner = ".".join([*target[1:], alias.name])
                yield inner if inner in MODULES else ".".join(target[1:])
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == "bbquery")


def test_every_module_has_its_place() -> None:
    names = ordered()
    assert len(names) == len(set(names))
    assert set(names) == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_lower_modules_never_import_higher_ones(name: str) -> None:
    names = ordered()
    lower = set(names[: names.index(name)])
    assert set(imports(name)) - {name} <= lower | {name.rpartition(".")[0]} - {""}


@pytest.mark.parametrize("name", MODULES)
def test_no_layer_imports_another_one_beside_it(name: str) -> None:
    if name in ABOVE:
        return
    rank = {top: at for at, line in enumerate(LAYERS) for top in line.split()}
    top = name.split(".")[0]
    others = {module.split(".")[0] for module in imports(name)} - {top}
    assert {other for other in others if rank[other] >= rank[top]} == set()


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("lark", {"language.parser"}),
        (
            "httpx",
            {"client.httpx_library", "usage.notifications"},  # the latter asks another server, with rules of its own
        ),
        ("httpcore", {"client.socket_deadline", "client.surplus"}),
        (
            "anyio",
            {"client.event_loops", "client.http_transport", "client.runners", "client.streams", "client.surplus"},
        ),
        ("pathspec", {"lint.files.gitignore"}),
        ("jsonschema", {"lint.rules.schema"}),
        ("uvicorn", {"servers.local_server"}),
        ("sqlglot", {f"semantics.{name}" for name in ("sql", "sql_archive", "sql_json", "sql_writer")}),
        ("pyspark", {"archive.query_engines"}),
        ("urllib.parse", {"planning.urls", "emulator.app"}),  # the emulator decodes for itself, as the service does
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_library_has_one_home(library: str, homes: set[str]) -> None:
    pattern = re.compile(rf"^\s*(?:from|import) {library}\b", re.MULTILINE)
    assert {name for name, path in MODULES.items() if pattern.search(path.read_text(encoding="utf-8"))} == homes


def top_level_names(tree: ast.Module) -> Iterator[str]:
    statements = [inner for node in tree.body for inner in (node.body if isinstance(node, ast.If) else [node])]
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (word.id for target in targets for word in ast.walk(target) if isinstance(word, ast.Name))


def test_no_name_is_defined_in_two_modules() -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for name, path in MODULES.items():
        for defined in top_level_names(ast.parse(path.read_text(encoding="utf-8"))):
            homes[defined].add(name)
    repeated = {name: found for name, found in homes.items() if len(found) > 1 and not name.startswith("__")}
    assert repeated.keys() - {"TYPE_CHECKING"} == MAY_REPEAT, repeated


@pytest.mark.parametrize("folder", ["bbquery", "tests", "benchmarks"])
def test_no_module_uses_a_private_name_of_another(folder: str) -> None:
    pattern = re.compile(r"^\s*from \S+ import [^#\n]*\b_(?!_|version|resources|text|hosts)\w+", re.MULTILINE)
    found = [str(path) for path in (ROOT / folder).rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_what_the_benchmarks_import_is_there() -> None:
    """Programs in strings too, which nothing else reads."""
    text = (ROOT / "benchmarks/cases.py").read_text(encoding="utf-8")
    found = re.findall(r"^\s*from (bbquery[\w.]*) import ([\w, ]+)$", text, re.MULTILINE)
    assert len(found) > 8
    for module, names in found:
        exec(f"from {module} import {names}", {})


def test_modules_and_functions_stay_short() -> None:
    for path in MODULES.values():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert lines <= 60, f"{path}:{node.name}"


def test_the_top_folder_stays_small() -> None:
    assert len(list(PACKAGE.glob("*.py"))) == 11


def test_messages_give_reasons_in_words() -> None:
    """Fact numbers are for comments and docstrings, with a link; a user has no legend for them."""
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search(r"\(F\d", node.value), f"{path}:{node.lineno}"
