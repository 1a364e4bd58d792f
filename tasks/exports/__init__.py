"""The archives that answer access and portability, and how they are handed over."""
