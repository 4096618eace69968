"""Findings as diagnostics."""

from __future__ import annotations

from lsprotocol import types as lsp

from ..lint.findings import Finding
from ..lint.rule_pages import rule_address
from .documents import Document

SOURCE = "bbquery"
_SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
_NEEDLESS = frozenset(("BBQ901",))
"""Rules whose findings are on what can go: editors show it in grey."""


def diagnostics(document: Document) -> list[lsp.Diagnostic]:
    """Return what is wrong in a document, as `bbquery check` says it."""
    checked = document.checked
    return [] if checked is None else [diagnostic(document, finding) for finding in checked.findings]


def diagnostic(document: Document, finding: Finding) -> lsp.Diagnostic:
    address = rule_address(finding.code)
    return lsp.Diagnostic(
        range=document.positions.range(finding.span),
        message=f"{finding.message}\n{finding.hint}" if finding.hint else finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=lsp.CodeDescription(address) if address else None,
        source=SOURCE,
        tags=[lsp.DiagnosticTag.Unnecessary] if finding.code in _NEEDLESS else None,
    )
