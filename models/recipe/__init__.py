"""From recordings to a model folder: prepare, synthesise, train, export, evaluate."""
