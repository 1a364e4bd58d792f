"""`dsr demo`: the real system with sample data, a local mail server, and messages that exercise every right."""
