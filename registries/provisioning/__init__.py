"""Registries as code: files that declare rows, and own those that they declared.

`document` reads files, `references` finds the secrets that they refer to, `planning` says what
would change, `applying` changes it in one transaction, and `exporting` writes such a file.
"""
