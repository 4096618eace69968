"""Register what the server answers: each request of the protocol, with the module that works it out."""

from __future__ import annotations

from lsprotocol import types as lsp

from . import code_actions, commands, completion_items, hovers, key_renames, query_formats, semantic_tokens, structure
from .diagnostics import diagnostics
from .documents import Document
from .server import EditorServer


def make_server() -> EditorServer:
    """Return a server with everything that it can do."""
    server = EditorServer()

    @server.feature(lsp.INITIALIZE)
    def _(params: lsp.InitializeParams) -> None:
        server.started(params)
        # What is registered by now is announced.
        if not server.client.dynamic_formatting:
            _register_formatting(server)
        if server.options.pull_diagnostics:
            _register_pull(server)

    @server.feature(lsp.INITIALIZED)
    def _(_: lsp.InitializedParams) -> None:
        if server.client.dynamic_formatting:
            _register_formatting(server)
        if not server.options.pull_diagnostics:
            _register_pull(server)
        server.in_background(server.ready())

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def _(params: lsp.DidSaveTextDocumentParams) -> None:
        server.saved(params)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _(_: lsp.DidChangeWatchedFilesParams) -> None:
        server.configuration_changed()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def _(_: lsp.DidChangeConfigurationParams) -> None:
        server.configuration_changed()

    _register_typing(server)
    _register_reading(server)
    commands.register(server)
    return server


def _register_typing(server: EditorServer) -> None:
    """Register what helps while a query is written."""

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=completion_items.TRIGGERS))
    async def _(params: lsp.CompletionParams) -> lsp.CompletionList | None:
        def work(document: Document) -> lsp.CompletionList | None:
            return completion_items.completion_items(document, params.position, server.vocabularies)

        return await server.answer(params.text_document.uri, work)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=code_actions.KINDS, resolve_provider=True),
    )
    async def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
        def work(document: Document) -> list[lsp.CodeAction]:
            return code_actions.code_actions(document, params, server.client)

        return await server.answer(params.text_document.uri, work)

    @server.feature(lsp.CODE_ACTION_RESOLVE)
    async def _(action: lsp.CodeAction) -> lsp.CodeAction:
        uri = action.data.get("uri") if isinstance(action.data, dict) else None
        done = await server.answer(str(uri), lambda document: code_actions.resolve(document, action, server.client))
        return done or action

    @server.feature(
        lsp.TEXT_DOCUMENT_ON_TYPE_FORMATTING, lsp.DocumentOnTypeFormattingOptions(first_trigger_character="\n")
    )
    async def _(params: lsp.DocumentOnTypeFormattingParams) -> list[lsp.TextEdit] | None:
        def work(document: Document) -> list[lsp.TextEdit] | None:
            return query_formats.format_line_above(document, params.position)

        return await server.answer(params.text_document.uri, work)

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    async def _(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        def work(document: Document) -> lsp.PrepareRenamePlaceholder | None:
            found = key_renames.key_at(document, params.position)
            if found is None:
                return None
            key, span = found
            return lsp.PrepareRenamePlaceholder(document.positions.range(span), key.path[-1])

        return await server.answer(params.text_document.uri, work)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def _(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        return await server.rename(params)


def _register_reading(server: EditorServer) -> None:
    """Register what helps while a query is read."""

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def _(params: lsp.HoverParams) -> lsp.Hover | None:
        return await server.answer(params.text_document.uri, lambda document: hovers.hover(document, params.position))

    @server.feature(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, semantic_tokens.LEGEND)
    async def _(params: lsp.SemanticTokensParams) -> lsp.SemanticTokens | None:
        return await server.answer(params.text_document.uri, semantic_tokens.semantic_tokens)

    @server.feature(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, semantic_tokens.LEGEND)
    async def _(params: lsp.SemanticTokensRangeParams) -> lsp.SemanticTokens | None:
        def work(document: Document) -> lsp.SemanticTokens:
            return semantic_tokens.semantic_tokens(document, document.positions.span(params.range))

        return await server.answer(params.text_document.uri, work)

    @server.feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    async def _(params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange] | None:
        return await server.answer(params.text_document.uri, structure.folding_ranges)

    @server.feature(lsp.TEXT_DOCUMENT_SELECTION_RANGE)
    async def _(params: lsp.SelectionRangeParams) -> list[lsp.SelectionRange] | None:
        def work(document: Document) -> list[lsp.SelectionRange]:
            return [structure.selection_range(document, position) for position in params.positions]

        return await server.answer(params.text_document.uri, work)

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_LINK)
    async def _(params: lsp.DocumentLinkParams) -> list[lsp.DocumentLink] | None:
        return await server.answer(params.text_document.uri, structure.document_links)


def _register_formatting(server: EditorServer) -> None:
    """Register formatting. Files of other languages get no answer."""

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def _(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        return await server.answer(params.text_document.uri, query_formats.format_document)


def _register_pull(server: EditorServer) -> None:
    @server.feature(
        lsp.TEXT_DOCUMENT_DIAGNOSTIC,
        lsp.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=False, identifier="bbquery"),
    )
    async def _(params: lsp.DocumentDiagnosticParams) -> lsp.RelatedFullDocumentDiagnosticReport:
        found = await server.answer(params.text_document.uri, diagnostics)
        return lsp.RelatedFullDocumentDiagnosticReport(found or [])
