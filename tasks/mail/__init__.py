"""Mail that comes in: taken from the mailboxes, kept, read, and brought to its one place."""
