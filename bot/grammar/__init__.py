"""How a command is declared and how a line is read."""
