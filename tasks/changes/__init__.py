"""What is erased, corrected, stopped or restricted in the systems: planned, carried out, looked at again."""
