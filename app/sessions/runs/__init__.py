"""Training: ordered, made in processes of its own, kept, opened again."""
