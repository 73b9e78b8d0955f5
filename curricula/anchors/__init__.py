"""Human-made data for the mix."""
