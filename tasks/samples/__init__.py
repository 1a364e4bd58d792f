"""Invented systems and history, for the demo, tests and benches."""
