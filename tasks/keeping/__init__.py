"""What is kept about people afterwards, for how long, and what must never come back."""
