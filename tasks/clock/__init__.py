"""Deadlines at work: alerts, what blocks an answer, pauses, extensions, heartbeats."""
