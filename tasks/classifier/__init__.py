"""What a message asks for, in which language, and who writes."""
