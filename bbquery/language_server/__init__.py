"""The linter, the completer and the formatter in an editor, by the Language Server Protocol, on pygls.

`server` registers what the server can do. What a client asks about a text is worked out in `worker`, one thing after
another, on the `Document` that was current then. Each capability has a module, which knows the library and the
protocol's types, but no connection. `workspace` holds the open documents, the configurations and the vocabulary.
"""
