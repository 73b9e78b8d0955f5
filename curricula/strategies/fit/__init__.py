"""What strategies read off the failures: answer format, nearest engine, difficulty."""
