"""`dsr demo`: the real system with sample data, a local mail server, and three messages that arrive."""
