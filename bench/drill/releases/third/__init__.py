"""The third release."""
