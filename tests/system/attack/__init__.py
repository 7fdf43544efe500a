"""Attacks that got through once: each is a test of its whole kind, and failed before it was mended."""
