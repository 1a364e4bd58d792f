"""Figures for management: dashboard, charts, PDF, report, register, metrics."""
