"""What keeps repeated and leaked lessons out."""
