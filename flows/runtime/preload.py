"""What the fork server imports once, so that no run has to."""

PRELOAD = ("flows.runtime.execute", "flows.access", "flows.by_hand", "flows.intake", "flows.recover")
