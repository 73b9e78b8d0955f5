"""What is taught: strategies write lessons, verifiers and filters judge them, the mix makes a curriculum."""
