"""A sweep: every point is checked first, and each is told as it ends."""
