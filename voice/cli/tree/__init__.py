"""The tree of commands, a file for each bough. Modules that do the work are imported inside: ``--help`` is quick."""
