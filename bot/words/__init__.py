"""Every sentence people read, a file a subject; `shared` is how all of them say an outcome, a side, a moment."""
