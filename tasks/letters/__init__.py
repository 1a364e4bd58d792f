"""Mail that goes out: written, stored, sent, and each kind of reply."""
