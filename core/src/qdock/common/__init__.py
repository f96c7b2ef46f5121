"""Small helpers that anything may use: lazy names, suggestions, files of text, secrets, fresh processes."""
