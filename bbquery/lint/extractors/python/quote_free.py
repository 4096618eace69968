"""Tell which Python expressions never hold a quote as text: numbers, UUIDs, members of an enum, what a guard checked.

Nothing is run: what cannot be known is not quote-free. Of other modules, functions are asked what they return.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from ..inquiry import Inquiry
from ..quote_free_text import is_quote_free_pattern, is_quote_free_text, removes_quotes
from .helper_calls import find_helper
from .scopes import Binding, dotted
from .source_module import SourceModule
from .statements import Statement

_FUNCTIONS = {
    *("int", "float", "len", "bool", "abs", "round", "ord", "hash", "id", "hex", "oct", "bin", "range"),
    *("uuid.UUID", "uuid.uuid1", "uuid.uuid3", "uuid.uuid4", "uuid.uuid5", "uuid.uuid6", "uuid.uuid7", "uuid.uuid8"),
    *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"),
    *("os.getpid", "os.getppid", "os.cpu_count", "secrets.token_hex", "secrets.token_urlsafe", "secrets.randbelow"),
    *("random.random", "random.randint", "random.randrange", "random.getrandbits", "threading.get_ident"),
    *("datetime.datetime", "datetime.date", "datetime.datetime.now", "datetime.datetime.utcnow"),
    *("datetime.date.today", "datetime.datetime.today", "datetime.datetime.fromtimestamp", "datetime.timedelta"),
    *("math.floor", "math.ceil", "decimal.Decimal", "zlib.crc32", "ipaddress.ip_address"),
}
_PLAIN_METHODS = {
    *("isoformat", "hexdigest", "total_seconds", "timestamp", "toordinal", "bit_length", "isoweekday"),
}
_KEEPING_METHODS = {
    *("lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip", "zfill", "swapcase"),
    *("removeprefix", "removesuffix", "date", "time", "astimezone"),
}
"""Methods whose result is quote-free where what they are called on is."""
_PARTS = {"value", "name", "int", "days", "seconds", "microseconds", "year", "month", "day", "hour", "minute", "second"}
_TYPES = {
    *("int", "float", "bool", "None", "uuid.UUID", "datetime.datetime", "datetime.date", "datetime.time"),
    *("decimal.Decimal", "datetime.timedelta"),
}
_PY_EXITS = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_DECIDING_SIGNS = {True: (ast.Eq, ast.In, ast.IsNot), False: (ast.NotEq, ast.NotIn, ast.Is)}
_CHECKS = {"isalnum", "isalpha", "isdigit", "isdecimal", "isnumeric", "isidentifier"}
_NUMERIC_OPERATORS = (ast.Sub, ast.FloorDiv, ast.Pow, ast.LShift, ast.RShift, ast.BitAnd, ast.BitXor)
"""Operators that no text has."""


class QuoteFreeExpressions:
    """The quote-free expressions of one module. `asking` are those of a module that imports it."""

    def __init__(self, module: SourceModule, asking: QuoteFreeExpressions | None = None) -> None:
        self._module = module
        self._scopes = module.scopes
        self._names = module.names
        self._others: dict[SourceModule, QuoteFreeExpressions] = asking._others if asking else {}
        self._inquiry: Inquiry = asking._inquiry if asking else Inquiry()

    def holds(self, node: ast.expr | None) -> bool:
        """Return whether an expression is quote-free for certain."""
        return node is not None and self._inquiry.ask(node, lambda: self._is_free(node))

    def _is_free(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return not isinstance(node.value, str | bytes) or (
                    isinstance(node.value, str) and is_quote_free_text(node.value)
                )
            case ast.Name():
                return self._is_free_name(node)
            case ast.Call():
                return self._is_free_call(node)
            case ast.Attribute():
                return self._is_free_attribute(node) or self._is_guarded(node)
            case ast.IfExp():
                return self.holds(node.body) and self.holds(node.orelse)
            case ast.BoolOp():
                return all(self.holds(value) for value in node.values)
            case ast.Compare():
                return True
            case ast.UnaryOp():
                return isinstance(node.op, ast.Not) or self.holds(node.operand)
            case ast.BinOp():
                both = self.holds(node.left) and self.holds(node.right)
                return both or isinstance(node.op, _NUMERIC_OPERATORS)
            case ast.JoinedStr():
                return all(self.holds(part) for part in node.values)
            case ast.FormattedValue():
                return node.conversion != ord("r") and self.holds(node.value)
            case ast.Subscript():
                values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                return all(self.holds(value) for value in values)
            case ast.NamedExpr() | ast.Await():
                return self.holds(node.value)
        return False

    # --- calls and attributes ------------------------------------------------------------------

    def _is_free_call(self, call: ast.Call) -> bool:
        function = self._names.origin(call.func)
        if function in _FUNCTIONS and (function.partition(".")[2] or not self._is_bound(call.func)):
            return True
        if function == "str" and len(call.args) == 1:
            return self.holds(call.args[0])
        if function in ("max", "min", "sum"):
            return bool(call.args) and all(self.holds(each) for each in call.args)
        if function == "re.sub" and len(call.args) >= 3:
            pattern, replacement = call.args[0], call.args[1]
            return _says(pattern, removes_quotes) and _says(replacement, is_quote_free_text)
        if isinstance(call.func, ast.Name) and self._scopes.definition(call.func):
            return self._is_free_result(call.func)
        if self._is_freeing(call.func):
            return True
        if not isinstance(call.func, ast.Attribute):
            return False
        owner, name = call.func.value, call.func.attr
        if name in _PLAIN_METHODS or (name == "hex" and not call.args):
            return True
        if name == "strftime":
            return len(call.args) == 1 and _says(call.args[0], is_quote_free_text)
        if name == "sub" and isinstance(owner, ast.Call) and self._names.origin(owner.func) == "re.compile":
            return (
                len(call.args) > 1 and _says(owner.args[0], removes_quotes) and _says(call.args[0], is_quote_free_text)
            )
        return name in _KEEPING_METHODS and self.holds(owner)

    def _is_free_result(self, function: ast.Name) -> bool:
        definition = self._scopes.definition(function)
        return isinstance(definition, ast.FunctionDef) and self.returns_free(definition)

    def returns_free(self, definition: ast.FunctionDef) -> bool:
        """Return whether a function of the module returns quote-free values alone, whatever it is given."""
        return self._inquiry.ask(definition, lambda: self._has_free_results(definition))

    def _has_free_results(self, definition: ast.FunctionDef) -> bool:
        results = self._scopes.results(definition)
        return results is not None and all(result is None or self.holds(result) for result in results)

    def _is_freeing(self, function: ast.expr) -> bool:
        """Return whether a function from another module returns quote-free values alone."""
        helper = find_helper(function, self._module)
        if helper is None or helper.module is self._module:
            return False
        if helper.module not in self._others:
            self._others[helper.module] = QuoteFreeExpressions(helper.module, self)
        return self._others[helper.module].returns_free(helper.function)

    def _is_bound(self, function: ast.expr) -> bool:
        """Return whether the module gives the name of a builtin a meaning of its own."""
        return isinstance(function, ast.Name) and bool(self._scopes.bindings(function))

    def _is_free_attribute(self, node: ast.Attribute) -> bool:
        inner = node.value
        if node.attr == "hex" or (node.attr in _PARTS and self.holds(inner)):
            return True
        if not isinstance(inner, ast.Name):
            return False
        kind = self._scopes.class_of(inner)
        return kind is not None and self._is_free_enum(kind)

    def _is_free_enum(self, kind: ast.ClassDef) -> bool:
        """Return whether a class is an enum whose members are quote-free: numbers, `auto()`, and plain strings."""
        if not any("Enum" in dotted(base) or "Flag" in dotted(base) for base in kind.bases):
            return False
        values = [statement.value for statement in kind.body if isinstance(statement, ast.Assign)]
        return all(
            (isinstance(value, ast.Call) and dotted(value.func).endswith("auto")) or self.holds(value)
            for value in values
        )

    # --- names -----------------------------------------------------------------------------------

    def _is_free_name(self, node: ast.Name) -> bool:
        bindings = self._scopes.bindings(node)
        if bindings and all(self._is_free_binding(binding) for binding in bindings):
            return True
        return len(bindings) == 1 and self._is_guarded(node)

    def _is_free_binding(self, binding: Binding) -> bool:
        if binding.annotation is not None and self._is_free_type(binding.annotation):
            return True
        if binding.items is not None:
            return self._has_free_items(binding.items)
        return self.holds(binding.value)

    def _has_free_items(self, items: ast.expr) -> bool:
        if isinstance(items, ast.Name):
            known = self._scopes.constant(items)
            items = known if known is not None else items
        if isinstance(items, ast.List | ast.Tuple | ast.Set):
            return all(self.holds(element) for element in items.elts)
        if isinstance(items, ast.Dict):
            return all(self.holds(key) for key in items.keys)
        if isinstance(items, ast.Name) and (kind := self._scopes.class_of(items)):
            return self._is_free_enum(kind)
        return isinstance(items, ast.Call) and self._names.origin(items.func) == "range"

    def _is_free_type(self, node: ast.expr) -> bool:
        """Return whether every value of a type is quote-free as text."""
        return self._inquiry.ask((node, "as a type"), lambda: self._has_free_values(node))

    def _has_free_values(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            if node.value is None:
                return True
            try:
                return isinstance(node.value, str) and self._is_free_type(ast.parse(node.value, mode="eval").body)
            except (SyntaxError, ValueError):
                return False
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._is_free_type(node.left) and self._is_free_type(node.right)
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            name = self._names.origin(node.value).rpartition(".")[2]
            if name == "Literal":
                return all(self.holds(part) for part in parts)
            if name == "Annotated":
                return self._is_free_type(parts[0])
            return name in ("Optional", "Union", "Final") and all(self._is_free_type(p) for p in parts)
        if self._names.origin(node) in _TYPES:
            return True
        if not isinstance(node, ast.Name):
            return False
        if kind := self._scopes.class_of(node):
            return self._is_free_enum(kind)
        known = self._scopes.constant(node)
        return known is not None and self._is_free_type(known)

    # --- guards ----------------------------------------------------------------------------------

    def _is_guarded(self, node: ast.Name | ast.Attribute) -> bool:
        """Return whether a check before a name, or around it, lets quote-free texts pass alone."""
        name = dotted(node)
        if not name:
            return False
        inner: ast.AST = node
        for outer in self._scopes.parents(node):
            if isinstance(outer, ast.If) and inner in outer.body and self._decides(outer.test, name):
                return True
            if isinstance(outer, ast.IfExp) and inner is outer.body and self._decides(outer.test, name):
                return True
            if any(self._stops_others(statement, name) for statement in self._scopes.above(inner)):
                return True
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return False
            inner = outer
        return False

    def _stops_others(self, statement: Statement, name: str) -> bool:
        if isinstance(statement, ast.Assert):
            return self._decides(statement.test, name)
        is_exit = isinstance(statement, ast.If) and isinstance(statement.body[-1], _PY_EXITS)
        return is_exit and isinstance(statement, ast.If) and self._decides(statement.test, name, outcome=False)

    def _decides(self, test: ast.expr, name: str, *, outcome: bool = True) -> bool:
        """Return whether a test has an outcome for quote-free texts alone."""
        if isinstance(test, ast.BoolOp):
            is_enough = isinstance(test.op, ast.And if outcome else ast.Or)
            return is_enough and any(self._decides(value, name, outcome=outcome) for value in test.values)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._decides(test.operand, name, outcome=not outcome)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            same, among, is_there = _DECIDING_SIGNS[outcome]
            if isinstance(test.ops[0], is_there) and isinstance(right, ast.Constant) and right.value is None:
                return self._decides(left, name)
            if dotted(left) != name:
                return False
            return (isinstance(test.ops[0], same) and self.holds(right)) or (
                isinstance(test.ops[0], among) and self._has_free_items(right)
            )
        if not (outcome and isinstance(test, ast.Call)):
            return False
        if isinstance(test.func, ast.Attribute) and test.func.attr in _CHECKS:
            return dotted(test.func.value) == name
        return self._matches_free(test, name)

    def _matches_free(self, call: ast.Call, name: str) -> bool:
        """Return whether a call is `re.fullmatch(pattern, name)`, or one like it, of a quote-free pattern."""
        function = self._names.origin(call.func)
        kind = function.rpartition(".")[2]
        is_plain = not call.keywords
        if function in ("re.fullmatch", "re.match", "re.search") and call.args:
            pattern, *given = call.args
        elif isinstance(call.func, ast.Attribute) and kind in ("fullmatch", "match", "search"):
            compiled = call.func.value
            value = self._scopes.constant(compiled) if isinstance(compiled, ast.Name) else compiled
            if not (isinstance(value, ast.Call) and self._names.origin(value.func) == "re.compile" and value.args):
                return False
            pattern, given = value.args[0], call.args
            is_plain = is_plain and len(value.args) == 1 and not value.keywords
        else:
            return False
        # Flags may let ^ and $ stand for lines, and a position leaves a part out.
        if not is_plain or len(given) != 1 or dotted(given[0]) != name:
            return False
        text = pattern.value if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str) else None
        if text is None:
            return False
        text = f"^{text}" if kind == "match" and not re.match(r"\^|\\A", text) else text
        return is_quote_free_pattern(text, anchored=kind == "fullmatch")


def _says(node: ast.expr, holds: Callable[[str], bool]) -> bool:
    """Return whether an expression is a literal text of which something holds."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and holds(node.value)
